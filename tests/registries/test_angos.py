"""The Angos registry's webhook, asked as Angos asks about users whom it has authenticated."""

from collections.abc import Callable

import httpx
import pytest

from orgs.actor import Actor
from orgs.member_operations import add_member
from orgs.models import Organization
from orgs.team_operations import create_team
from permissions.operations import Settings, change_policy
from tests.conftest import NewVisitor, named_user
from tests.registries.test_live_check import DIGEST, allowed, challenged, denied

pytestmark = pytest.mark.django_db

STAFF = Actor.site_staff()


@pytest.fixture
def restricted(acme: Organization) -> None:
    change_policy(STAFF, acme, Settings(True, True, False), None)


@pytest.fixture
def angos(visitor: NewVisitor, demo: dict[str, str]) -> Callable[..., httpx.Response]:
    """Asks as Angos does about a user whom it has authenticated."""
    client = visitor(Authorization=f"Bearer {demo['ACME_REGISTRY_TOKEN']}")

    def asked(action: str, namespace: str = "", who: str = "", **headers: str) -> httpx.Response:
        sent = {"X-Registry-Action": action, **headers}
        if namespace:
            sent["X-Registry-Namespace"] = namespace
        if who:
            sent["X-Registry-Username"] = who
        return client.get("/authz/angos", headers=sent)

    return asked


@pytest.mark.parametrize("action", ["get-manifest", "get-blob", "get-referrers", "list-tags"])
def test_angos_reads_are_pulls(
    angos: Callable[..., httpx.Response], restricted: None, action: str
) -> None:
    assert allowed(angos(action, "acme/app", "mel"))
    assert "community" in denied(angos(action, "randomdev/tool", "mel"))
    assert allowed(angos(action, "randomdev/tool", "olivia"))
    assert challenged(angos(action, "library/alpine"))


@pytest.mark.parametrize(
    "action",
    [
        "put-manifest",
        "start-upload",
        "get-upload",
        "update-upload",
        "complete-upload",
        "cancel-upload",
        "delete-manifest",
        "delete-blob",
    ],
)
def test_angos_writes_take_a_right_to_the_namespace(
    angos: Callable[..., httpx.Response], action: str
) -> None:
    assert allowed(angos(action, "acme/app", "olivia"))
    assert denied(angos(action, "acme/app", "mel"))
    assert denied(angos(action, "library/alpine", "olivia"))


def test_angos_asks_about_the_whole_registry(angos: Callable[..., httpx.Response]) -> None:
    assert allowed(angos("get-api-version", who="mel"))
    assert challenged(angos("get-api-version"))
    assert allowed(angos("list-catalog", who="olivia"))
    assert denied(angos("list-catalog", who="mel"))


def test_a_mount_at_angos_is_a_pull_of_its_source(
    angos: Callable[..., httpx.Response], acme: Organization, restricted: None
) -> None:
    create_team(STAFF, acme, "builders", can_push=True)
    add_member(STAFF, acme, named_user("mel"), teams=["builders"])
    for source, status in (("library/alpine", 200), ("bitnami/redis", 403), ("", 403)):
        uri = f"https://r.example/v2/acme/app/blobs/uploads/?mount={DIGEST}&from={source}"
        answer = angos("start-upload", "acme/app", "mel", **{"X-Forwarded-Uri": uri})
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("action", "namespace"),
    [
        ("", "acme/app"),
        ("list-namespaces", ""),
        ("metrics", ""),
        ("Get-Manifest", "acme/app"),
        ("get-manifest", ""),
        ("get-manifest", "Acme/app"),
        ("get-manifest", "acme%2fapp"),
        ("get-manifest", "acme/app:latest"),
    ],
)
def test_angos_gets_no_for_what_is_not_known(
    angos: Callable[..., httpx.Response], action: str, namespace: str
) -> None:
    assert denied(angos(action, namespace, "olivia"))


def test_strangers_at_angos_are_refused_and_counted(angos: Callable[..., httpx.Response]) -> None:
    for number in range(120):
        assert denied(angos("get-api-version", who=f"stranger{number}"))
    assert "Too many unknown users" in denied(angos("get-api-version", who="one-more"))
    # Whoever guesses names stops nobody's pulls.
    assert angos("get-api-version", who="mel").status_code == 200


def test_angos_needs_the_registrys_credential(visitor: NewVisitor) -> None:
    headers = {"X-Registry-Action": "get-api-version", "X-Registry-Username": "olivia"}
    assert denied(visitor().get("/authz/angos", headers=headers))
    basic = visitor().get("/authz/angos", headers=headers, auth=("olivia", "x"))
    assert denied(basic)
