"""The whole thing, real: the site on PostgreSQL and Redis, two registries behind it, and clients.

Everything is started once for the session. `script/test` provides PostgreSQL and Redis; the rest
starts here.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, Protocol

import httpx
import pytest

from tests import services
from tests.clients.engines import Client, Docker, Podman, Skopeo
from tests.clients.images import REPOSITORIES, write_image
from tests.services.postgresql import create_database
from tests.services.process import temporary_folder

NewClient = Callable[[], Client]


class SetPolicy(Protocol):
    def __call__(self, *, enabled: bool, official: bool = True, verified: bool = True) -> None: ...


@dataclass(frozen=True, slots=True)
class DemoSite:
    """The site with the demo's people; `env` is its demo.env."""

    url: str
    port: int
    env: dict[str, str]
    log: Path
    registry_ports: dict[str, int]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[DemoSite]:
    for name in ("DATABASE_URL", "REDIS_URL"):
        if not os.environ.get(name):
            _lacking(f"{name} is not set; run the tests with script/test")
    ports = {service: services.free_port() for service in ("acme", "hub")}
    env_file = tmp_path_factory.mktemp("demo") / "demo.env"

    def load_demo(site: services.Site) -> None:
        site.manage(
            "load_demo",
            f"--env-file={env_file}",
            f"--acme-registry-host=localhost:{ports['acme']}",
            f"--site-registry-host=localhost:{ports['hub']}",
        )

    # Beside the database that other tests use, and one for each worker of pytest-xdist.
    database = create_database(os.environ["DATABASE_URL"], f"hubadmin_e2e_{worker_id}")
    redis = os.environ["REDIS_URL"]
    with services.site(database_url=database, redis_url=redis, prepare=load_demo) as served:
        yield DemoSite(
            url=served.url,
            port=served.port,
            env=read_env(env_file),
            log=served.log,
            registry_ports=ports,
        )


@pytest.fixture(scope="session")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both registries show the same images: one mirror of Docker Hub behind two doors."""
    return tmp_path_factory.mktemp("registry-storage")


@pytest.fixture(scope="session")
def images(storage: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Fills the storage by a door without a lock, and tells each repository's digest."""
    skopeo = Skopeo(tmp_path_factory.mktemp("side-door"))
    digests = {}
    with _required(), services.registry(storage) as side_door:
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
    with _required(), services.dockerd() as engine:
        yield engine


@pytest.fixture
def docker(engine: services.Dockerd, new_folder: Callable[[], Path]) -> NewClient:
    return lambda: Docker(engine.url, new_folder())


@pytest.fixture
def podman(new_folder: Callable[[], Path]) -> NewClient:
    return lambda: Podman(new_folder())


@pytest.fixture
def skopeo(new_folder: Callable[[], Path]) -> NewClient:
    return lambda: Skopeo(new_folder())


@pytest.fixture(params=["docker", "podman", "skopeo"])
def new_client(request: pytest.FixtureRequest) -> NewClient:
    """Runs the test once for each client; a call makes one that nobody has signed in with."""
    factory: NewClient = request.getfixturevalue(request.param)
    return factory


@pytest.fixture
def new_folder() -> Iterator[Callable[[], Path]]:
    """Makes folders with shorter names than tmp_path's: podman takes 50 characters at most."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(temporary_folder("client"))


@pytest.fixture
def set_policy(site: DemoSite) -> Iterator[SetPolicy]:
    """What Olivia does to acme's policy; disabled again, as in the demo, when the test ends."""

    def put(*, enabled: bool, official: bool = True, verified: bool = True) -> None:
        wished = {
            "enabled": enabled,
            "allow_official_images": official,
            "allow_verified_publishers": verified,
        }
        answer = httpx.put(
            f"{site.url}/v2/orgs/acme/settings",
            json={"restricted_images": wished},
            headers={"Authorization": f"Bearer {site.env['OLIVIA_TOKEN']}"},
        )
        assert answer.raise_for_status().json() == {"restricted_images": wished}

    yield put
    put(enabled=False)


def read_env(path: Path) -> dict[str, str]:
    """The KEY=value lines of a demo.env."""
    return dict(line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)


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
        _required(),
        services.registry(storage, auth=auth, port=site.registry_ports[service]) as registry,
    ):
        yield registry


@contextmanager
def _required() -> Iterator[None]:
    try:
        yield
    except services.NotInstalled as error:
        _lacking(str(error))


def _lacking(what: str) -> NoReturn:
    """A part that this machine lacks skips the test; in CI nothing may be lacking."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)
