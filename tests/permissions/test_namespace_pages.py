"""The page of an organization's namespaces."""

from collections.abc import Callable

import httpx
import pytest

from orgs.actor import Actor
from orgs.models import Organization
from permissions.models import Namespace, NamespaceRequest
from permissions.namespace_operations import decline_namespace, request_namespace
from permissions.queries import namespaces_of
from permissions.registry_operations import connect_registry
from permissions.registry_queries import waiting_requests_of
from tests.conftest import named_user, post

pytestmark = pytest.mark.django_db

PAGE = "/orgs/acme/settings/namespaces/"
STAFF = Actor.site_staff()
SignedIn = Callable[[str], httpx.Client]


def owned(organization: Organization) -> list[str]:
    return [str(namespace) for namespace in namespaces_of(organization)]


def request_of(organization: Organization, path: str = "acme-tools") -> NamespaceRequest:
    owner = Actor("olivia", None, named_user("olivia"))
    return request_namespace(owner, organization, path, note="We push <b>there</b>.")


def send(client: httpx.Client, path: str, **fields: str) -> httpx.Response:
    """Post with the token of the namespaces' page: `path` is no page itself."""
    client.get("/orgs/acme/settings/namespaces/")
    return client.post(path, data=fields, headers={"X-CSRFToken": client.cookies["csrftoken"]})


def test_an_owner_asks_for_a_namespace_on_docker_hub(
    signed_in: SignedIn, acme: Organization
) -> None:
    olivia = signed_in("olivia")
    answer = post(olivia, PAGE, on="", namespace="acme-tools", note="Our tools.")
    assert answer.status_code == 302
    assert [str(asked) for asked in waiting_requests_of(acme)] == ["docker.io/acme-tools"]
    assert owned(acme) == ["docker.io/acme"]
    page = olivia.get(PAGE).text
    assert "Waiting for site staff" in page
    assert "Our tools." in page


def test_on_its_own_registry_the_namespace_is_there_at_once(
    signed_in: SignedIn, acme: Organization
) -> None:
    connect_registry(STAFF, acme, service="own", host="own.example")
    assert post(signed_in("olivia"), PAGE, on="own", namespace="team").status_code == 302
    assert owned(acme) == ["docker.io/acme", "own.example/team"]
    assert not waiting_requests_of(acme)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"on": "", "namespace": ""}, "This field is required."),
        ({"on": "", "namespace": "library"}, "nobody can own it"),
        ({"on": "", "namespace": "a" * 256}, "at most 255"),
        ({"on": "", "namespace": "x\x00"}, "Null characters"),
        ({"on": "", "namespace": " acme-x"}, "can&#x27;t be a namespace"),
        ({"on": "", "namespace": "acme-x", "note": "n" * 301}, "at most 300"),
        ({"on": "acme", "namespace": "x"}, "Select a valid choice"),  # a mirror
        ({"on": "hub", "namespace": "x"}, "Select a valid choice"),
        ({"on": "globex-own", "namespace": "x"}, "Select a valid choice"),
    ],
)
def test_what_can_not_be_asked_for_is_told(
    signed_in: SignedIn,
    acme: Organization,
    globex: Organization,
    fields: dict[str, str],
    sentence: str,
) -> None:
    connect_registry(STAFF, globex, service="globex-own", host="globex.example")
    answer = post(signed_in("olivia"), PAGE, **fields)
    assert answer.status_code == 400
    assert sentence in answer.text
    assert not waiting_requests_of(acme)
    assert owned(acme) == ["docker.io/acme"]


def test_a_request_is_withdrawn_once(signed_in: SignedIn, acme: Organization) -> None:
    asked, olivia = request_of(acme), signed_in("olivia")
    withdraw = f"{PAGE}requests/{asked.pk}/withdraw/"
    assert send(olivia, withdraw).status_code == 302
    assert "is withdrawn" in olivia.get(PAGE).text
    assert send(olivia, withdraw).status_code == 302
    assert "is settled" in olivia.get(PAGE).text
    assert not waiting_requests_of(acme)


def test_a_namespace_is_released_when_its_name_is_typed(
    signed_in: SignedIn, acme: Organization
) -> None:
    olivia = signed_in("olivia")
    page = f"{PAGE}{namespaces_of(acme)[0].pk}/release/"
    for typed in ("", "acme", "docker.io/acme "):
        assert post(olivia, page, confirmation=typed).status_code == 400
    assert owned(acme) == ["docker.io/acme"]
    assert post(olivia, page, confirmation="docker.io/acme").status_code == 302
    assert owned(acme) == []
    assert olivia.get(page).status_code == 404


def test_p1_members_read_without_forms(signed_in: SignedIn, acme: Organization) -> None:
    asked, mel = request_of(acme), signed_in("mel")
    page = mel.get(PAGE).text
    assert "docker.io/acme-tools" in page
    assert f'method="post" action="{PAGE}' not in page
    assert "Release" not in page
    assert "Ask for it" not in page
    assert send(mel, PAGE, on="", namespace="more").status_code == 403
    assert send(mel, f"{PAGE}requests/{asked.pk}/withdraw/").status_code == 403
    assert mel.get(f"{PAGE}{namespaces_of(acme)[0].pk}/release/").status_code == 403
    assert len(waiting_requests_of(acme)) == 1


def test_what_belongs_to_another_organization_does_not_exist(
    signed_in: SignedIn, acme: Organization, globex: Organization
) -> None:
    asked, namespace = request_of(acme), namespaces_of(acme)[0]
    gus = signed_in("gus")  # an owner of globex
    theirs = "/orgs/globex/settings/namespaces/"
    assert gus.get(f"{theirs}{namespace.pk}/release/").status_code == 404
    assert send(gus, f"{theirs}{namespace.pk}/release/", confirmation="x").status_code == 404
    assert send(gus, f"{theirs}requests/{asked.pk}/withdraw/").status_code == 404
    assert "acme-tools" not in gus.get(theirs).text
    nina = signed_in("nina")
    assert nina.get(PAGE).status_code == 404
    assert nina.get(f"{PAGE}{namespace.pk}/release/").status_code == 404
    assert owned(acme) == ["docker.io/acme"]
    assert len(waiting_requests_of(acme)) == 1


@pytest.mark.parametrize("number", ["0", "999999", "9" * 40, "-1", "1.0", "x"])
def test_numbers_of_nothing_are_not_found(signed_in: SignedIn, number: str) -> None:
    olivia = signed_in("olivia")
    assert olivia.get(f"{PAGE}{number}/release/").status_code == 404
    assert send(olivia, f"{PAGE}requests/{number}/withdraw/").status_code == 404


def test_what_became_of_a_request_stays_to_be_read(signed_in: SignedIn, acme: Organization) -> None:
    decline_namespace(STAFF, acme, request_of(acme), "It is <i>theirs</i>.")
    page = signed_in("mel").get(PAGE).text
    assert "Declined" in page
    assert "It is &lt;i&gt;theirs&lt;/i&gt;." in page
    assert Namespace._base_manager.filter(path="acme-tools").count() == 0
