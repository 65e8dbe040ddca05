"""A registry for members only refuses the sign-in itself, in the words of a machine (S2)."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import services
from tests.clients.conftest import NewClient
from tests.clients.engines import Docker, output
from tests.clients.steps import signed_in
from tests.served import DemoSite, required
from tests.services.process import free_port, run_to_end
from tests.services.site import CHECKOUT

INVALID = "invalid username/password"
SENTENCE = (
    "Sign-in is only for members of acme. Ask one of its owners for an invitation, or sign in "
    "with another account."
)


@pytest.fixture(scope="module")
def insiders(
    site: DemoSite, storage: Path, images: dict[str, str], ca_bundle: Path
) -> Iterator[services.Registry]:
    port = free_port()
    host = f"localhost:{port}"
    manage(site, "connect_registry", "insiders", host, "--organization=acme", "--members-only")
    auth = services.TokenAuth(
        realm=f"{site.url}/auth/token",
        service="insiders",
        issuer=site.url,
        rootcertbundle=str(ca_bundle),
    )
    with required(), services.registry(storage, auth=auth, port=port) as registry:
        yield registry
    manage(site, "disconnect_registry", "acme", "insiders")


def manage(site: DemoSite, *arguments: str) -> None:
    run_to_end([sys.executable, str(CHECKOUT / "manage.py"), *arguments], env=site.environment)


def test_s2_members_sign_in_and_others_read_what_to_do(
    site: DemoSite, insiders: services.Registry, new_client: NewClient
) -> None:
    signed_in(new_client(), insiders, site, "mel")

    refused = new_client().login(insiders.host, "nina", site.env["DEMO_PASSWORD"])

    assert refused.returncode != 0
    # The others have words of their own for whatever is refused at a sign-in.
    shown = f"denied: {SENTENCE}" if isinstance(new_client(), Docker) else INVALID
    assert shown in output(refused)
