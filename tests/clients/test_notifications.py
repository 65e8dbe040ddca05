"""A real registry reports what a real client has done, into the pull log of the served site."""

import secrets
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tests import services
from tests.clients.conftest import NewClient
from tests.clients.images import write_image
from tests.clients.steps import assert_pulls, signed_in
from tests.served import DemoSite, required
from tests.services.process import free_port, run_to_end

CHECKOUT = Path(__file__).parents[2]
LAYERS = "application/octet-stream"
LINES = (
    "SELECT subject_id, action, image, rule FROM audit_pulllogentry "
    "WHERE protocol = 'notification' AND registry = %s ORDER BY id"
)


@pytest.fixture
def service(site: DemoSite) -> str:
    return f"reporting-{secrets.token_hex(4)}"


@pytest.fixture(params=[{}, {"ignore": {"mediatypes": [LAYERS]}}], ids=["all", "no layers"])
def reporting(
    request: pytest.FixtureRequest, site: DemoSite, service: str, ca_bundle: Path, tmp_path: Path
) -> Iterator[services.Registry]:
    """A registry of acme's that was just connected, and reports by its credential."""
    port = free_port()
    manage = [sys.executable, str(CHECKOUT / "manage.py")]
    connect = ["connect_registry", service, f"localhost:{port}", "--organization", "acme"]
    credential = run_to_end([*manage, *connect], env=site.environment).strip()
    run_to_end(
        [*manage, "assign_namespace", "acme", "acme", "--service", service], env=site.environment
    )
    auth = services.TokenAuth(
        realm=f"{site.url}/auth/token",
        service=service,
        issuer=site.url,
        rootcertbundle=str(ca_bundle),
    )
    endpoint = {
        "name": "hubadmin",
        "url": f"{site.url}/notifications/distribution",
        "headers": {"Authorization": [f"Bearer {credential}"]},
        "timeout": "2s",
        "threshold": 3,
        "backoff": "1s",
    } | request.param
    notifications = {"notifications": {"endpoints": [endpoint]}}
    with required(), services.registry(tmp_path, auth=auth, port=port, more=notifications) as found:
        yield found


def test_a_push_and_a_pull_are_reported_once_each(
    site: DemoSite,
    service: str,
    reporting: services.Registry,
    skopeo: NewClient,
    new_folder: Callable[[], Path],
) -> None:
    olivia = signed_in(skopeo(), reporting, site, "olivia")
    layout = new_folder()
    digest = write_image(layout, "reported")
    olivia.push(layout, f"{reporting.host}/acme/app:latest").check_returncode()
    mel = signed_in(skopeo(), reporting, site, "mel")
    assert_pulls(mel, reporting, "acme/app")
    image = f"{reporting.host}/acme/app:latest@{digest}"
    assert sorted(logged(site, service, 2)) == [
        ("mel", "pull", image, "reported"),
        ("olivia", "push", image, "reported"),
    ]


def logged(site: DemoSite, service: str, lines: int) -> list[tuple[str, ...]]:
    """What came of a registry's notifications, once there are as many lines, or after a while."""
    with psycopg.connect(site.environment["DATABASE_URL"], autocommit=True) as connection:
        for _ in range(100):
            found = connection.execute(LINES, [service]).fetchall()
            if len(found) >= lines:
                time.sleep(1)  # for what must not come
                break
            time.sleep(0.1)
        return connection.execute(LINES, [service]).fetchall()
