"""The site as people meet it, as a pytest plugin: served by granian, on PostgreSQL and Redis.

Started once for the session, with the demo's people and pulls, a team of acme's, and an exception
that Mel asks for. `script/test` provides PostgreSQL and Redis; what else a machine lacks fails the
test that needs it, and never lets it pass unrun.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest

from tests import services
from tests.services.identity import configured
from tests.services.postgresql import create_database

# What acme restricts for a moment, so that Mel can ask for an exception.
MEL_ASKS = """
from orgs.actor import Actor
from orgs.queries import organization_named, user_named
from permissions.exception_operations import ask_for_exception
from permissions.operations import Settings, change_policy

staff, acme = Actor.site_staff(), organization_named("acme")
change_policy(staff, acme, Settings(True, True, True), None)
mel = Actor("mel", None, user_named("mel"))
ask_for_exception(mel, acme, "docker.io/randomdev/tool", "For a trial")
change_policy(staff, acme, Settings(False, True, True), None)
"""


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
    environment: dict[str, str]

    def manage(self, *arguments: str) -> str:
        """Runs a `manage.py` command against this site; what it printed."""
        return services.manage(self.environment, *arguments)

    def settings(self, person: str) -> dict[str, Any]:
        """Acme's restricted images, as the API tells the owner of a personal access token."""
        answer = httpx.get(
            f"{self.url}/v2/orgs/acme/settings",
            headers={"Authorization": f"Bearer {self.env[f'{person.upper()}_TOKEN']}"},
        )
        settings: dict[str, Any] = answer.raise_for_status().json()["restricted_images"]
        return settings


def load_demo(site: services.Site, env_file: Path, ports: Mapping[str, int]) -> None:
    """The demo, and what the pages in `tests.browser.pages` need beside it."""
    site.manage(
        "load_demo",
        f"--env-file={env_file}",
        f"--acme-registry-host=localhost:{ports['acme']}",
        f"--site-registry-host=localhost:{ports['hub']}",
        "--with-pulls",
    )
    site.manage("shell", "--verbosity=0", "--command", MEL_ASKS)
    site.manage("create_team", "acme", "builders", "--can-push")


@pytest.fixture(scope="session")
def sites_provider() -> Iterator[services.IdentityProvider]:
    """The identity provider that people may sign in with at the served site."""
    with services.identity_provider() as provider:
        yield provider


@pytest.fixture(scope="session")
def site(
    tmp_path_factory: pytest.TempPathFactory,
    worker_id: str,
    sites_provider: services.IdentityProvider,
) -> Iterator[DemoSite]:
    for name in ("DATABASE_URL", "REDIS_URL"):
        if not os.environ.get(name):
            pytest.fail(f"{name} is not set; run the tests with script/test")
    ports = {service: services.free_port() for service in ("acme", "hub")}
    env_file = tmp_path_factory.mktemp("demo") / "demo.env"

    def prepare(site: services.Site) -> None:
        load_demo(site, env_file, ports)

    # Beside the database that other tests use, and one for each worker of pytest-xdist.
    database = create_database(os.environ["DATABASE_URL"], f"hubadmin_e2e_{worker_id}")
    redis = os.environ["REDIS_URL"]
    providers = [
        configured(sites_provider.url),
        # Where nobody is.
        configured("http://localhost:9", id="away", name="Away", client_id="of-away"),
    ]
    with services.site(
        database_url=database,
        redis_url=redis,
        prepare=prepare,
        settings={"HUBADMIN_OIDC": json.dumps(providers)},
    ) as served:
        yield DemoSite(
            url=served.url,
            port=served.port,
            env=read_env(env_file),
            log=served.log,
            registry_ports=ports,
            environment=served.environment,
        )


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
def required() -> Iterator[None]:
    """A program that this machine lacks fails the test, and says which package has it."""
    try:
        yield
    except services.NotInstalled as error:
        pytest.fail(str(error))
