"""The whole thing, real: two registries behind the served site (`tests.served`), and clients.

Everything is started once for the session.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from tests import services
from tests.clients.engines import Buildah, Client, Containerd, Docker, Podman, Skopeo
from tests.clients.images import REPOSITORIES, write_image
from tests.served import DemoSite, required
from tests.services.process import temporary_folder

NewClient = Callable[[], Client]


@pytest.fixture(scope="session")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both registries show the same images: one mirror of Docker Hub behind two doors."""
    return tmp_path_factory.mktemp("registry-storage")


@pytest.fixture(scope="session")
def images(storage: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Fills the storage by a door without a lock, and tells each repository's digest."""
    skopeo = Skopeo(tmp_path_factory.mktemp("side-door"))
    digests = {}
    with required(), services.registry(storage) as side_door:
        for repository in REPOSITORIES:
            layout = tmp_path_factory.mktemp("layout")
            digests[repository] = write_image(layout, repository)
            skopeo.push(layout, f"{side_door.host}/{repository}:latest").check_returncode()
    return digests


@pytest.fixture(scope="session")
def ca_bundle(site: DemoSite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificate as an administrator of a registry would get it."""
    bundle = tmp_path_factory.mktemp("ca") / "ca.pem"
    bundle.write_bytes(httpx.get(f"{site.url}/auth/ca.pem").raise_for_status().content)
    return bundle


@pytest.fixture(scope="session")
def acme_registry(
    site: DemoSite, storage: Path, images: dict[str, str], ca_bundle: Path
) -> Iterator[services.Registry]:
    with _registry_behind(site, "acme", storage, ca_bundle) as registry:
        yield registry


@pytest.fixture(scope="session")
def hub_registry(
    site: DemoSite, storage: Path, images: dict[str, str], ca_bundle: Path
) -> Iterator[services.Registry]:
    with _registry_behind(site, "hub", storage, ca_bundle) as registry:
        yield registry


@pytest.fixture(scope="session")
def engine() -> Iterator[services.Dockerd]:
    with required(), services.dockerd() as engine:
        yield engine


@pytest.fixture
def docker(engine: services.Dockerd, new_folder: Callable[[], Path]) -> NewClient:
    return lambda: Docker(engine.url, new_folder())


@pytest.fixture
def containerd(
    engine: services.Dockerd, new_folder: Callable[[], Path]
) -> Callable[[str], Containerd]:
    """Makes a client of the engine's own containerd for a `name:password`, or "" for nobody."""
    return lambda user: Containerd(engine.containerd, new_folder(), user)


@pytest.fixture
def podman(new_folder: Callable[[], Path]) -> NewClient:
    return lambda: Podman(new_folder())


@pytest.fixture
def buildah(new_folder: Callable[[], Path]) -> NewClient:
    return lambda: Buildah(new_folder())


@pytest.fixture
def skopeo(new_folder: Callable[[], Path]) -> NewClient:
    return lambda: Skopeo(new_folder())


@pytest.fixture(params=["docker", "podman", "buildah", "skopeo"])
def new_client(request: pytest.FixtureRequest) -> NewClient:
    """Runs the test once for each client; a call makes one that nobody has signed in with."""
    factory: NewClient = request.getfixturevalue(request.param)
    return factory


@pytest.fixture
def new_folder() -> Iterator[Callable[[], Path]]:
    """Makes folders with shorter names than tmp_path's: podman takes 50 characters at most."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(temporary_folder("client"))


@contextmanager
def _registry_behind(
    site: DemoSite, service: str, storage: Path, ca_bundle: Path
) -> Iterator[services.Registry]:
    auth = services.TokenAuth(
        realm=f"{site.url}/auth/token",
        service=service,
        issuer=site.url,
        rootcertbundle=str(ca_bundle),
    )
    with (
        required(),
        services.registry(storage, auth=auth, port=site.registry_ports[service]) as registry,
    ):
        yield registry
