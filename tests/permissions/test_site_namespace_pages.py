"""Site staff's side of namespaces, on pages."""

from collections.abc import Callable

import httpx
import pytest
from django.core import mail
from pytest_django import DjangoCaptureOnCommitCallbacks

from audit.queries import entries_of
from orgs.actor import Actor, NotAllowed
from orgs.models import Organization
from permissions.namespace_operations import assign_namespace, release_namespace
from permissions.queries import namespaces_of, stored_registry
from permissions.registry_operations import connect_registry, connect_site_registry
from permissions.registry_queries import waiting_requests, waiting_requests_of
from tests.conftest import named_user, post

pytestmark = pytest.mark.django_db

PAGE = "/site/namespaces/"
STAFF = Actor.site_staff()
SignedIn = Callable[[str], httpx.Client]


def owned(organization: Organization) -> list[str]:
    return [str(namespace) for namespace in namespaces_of(organization)]


def request_page() -> str:
    (asked,) = waiting_requests()  # the demo's, of globex
    return f"{PAGE}requests/{asked.pk}/"


def test_staff_approve_a_request(
    signed_in: SignedIn,
    globex: Organization,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    sam, page = signed_in("sam"), request_page()
    assert "docker.io/globex-labs" in sam.get(PAGE).text
    shown = sam.get(page).text
    assert "Our research team publishes there." in shown
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        assert post(sam, page, answer="approve").status_code == 302
    assert "belongs to globex now" in sam.get(PAGE).text
    assert owned(globex) == ["docker.io/globex", "docker.io/globex-labs"]
    assert [message.to for message in mail.outbox] == [["gus@example.com"]]
    entry = entries_of(globex.pk)[0]
    assert (entry.actor, entry.action) == ("sam", "namespace.assigned")
    assert "settled" not in shown
    assert 'name="answer"' not in sam.get(page).text


def test_staff_decline_with_a_reason(signed_in: SignedIn, globex: Organization) -> None:
    sam, page = signed_in("sam"), request_page()
    for fields, sentence in (
        ({"answer": "decline"}, "Give a reason"),
        ({"answer": "decline", "reason": "  "}, "Give a reason"),
        ({"answer": "decline", "reason": "n" * 301}, "at most 300"),
        ({"answer": "perhaps"}, ""),
        ({}, ""),
    ):
        answer = post(sam, page, **fields)
        assert answer.status_code == 400
        assert sentence in answer.text
    assert post(sam, page, answer="decline", reason="It is <b>theirs</b>.").status_code == 302
    assert not waiting_requests_of(globex)
    assert owned(globex) == ["docker.io/globex"]
    assert "It is &lt;b&gt;theirs&lt;/b&gt;." in sam.get(page).text


def test_a_request_that_was_overtaken_is_told_so(
    signed_in: SignedIn, acme: Organization, globex: Organization
) -> None:
    sam, page = signed_in("sam"), request_page()
    assign_namespace(STAFF, acme, "globex-labs")
    answer = post(sam, page, answer="approve")
    assert answer.status_code == 400
    assert "overlaps a namespace of another organization" in answer.text
    assert owned(globex) == ["docker.io/globex"]


def test_staff_assign_a_namespace(signed_in: SignedIn, acme: Organization) -> None:
    connect_site_registry(STAFF, service="wide", host="wide.example")
    sam = signed_in("sam")
    for on, name in (("", "docker.io/team"), ("wide", "wide.example/team")):
        answer = post(sam, PAGE, organization="acme", on=on, namespace="team")
        assert answer.status_code == 302
        assert name in owned(acme)
        assert name in sam.get(f"{PAGE}?search=team").text
    assert "docker.io/globex<" not in sam.get(f"{PAGE}?search=team").text
    assert "docker.io/globex<" in sam.get(f"{PAGE}?search=globex").text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"organization": "nowhere", "namespace": "x"}, "There is no organization nowhere."),
        ({"organization": "a\x00b", "namespace": "x"}, "Null characters"),
        ({"organization": "acme", "namespace": "library"}, "nobody can own it"),
        ({"organization": "acme", "namespace": "grafana"}, "publisher in the catalogue"),
        ({"organization": "acme", "namespace": "globex/x"}, "overlaps a namespace"),
        ({"organization": "acme", "namespace": "x", "on": "hub"}, "Select a valid choice"),
        ({"organization": "acme", "namespace": "x", "on": "own"}, "Select a valid choice"),
        ({"organization": "acme", "namespace": ""}, "This field is required."),
    ],
)
def test_what_can_not_be_assigned_is_told(
    signed_in: SignedIn, acme: Organization, fields: dict[str, str], sentence: str
) -> None:
    connect_registry(STAFF, acme, service="own", host="own.example")
    answer = post(signed_in("sam"), PAGE, **fields)
    assert answer.status_code == 400
    assert sentence in answer.text
    assert owned(acme) == ["docker.io/acme"]


def test_staff_release_what_they_assign_and_nothing_else(
    signed_in: SignedIn, acme: Organization
) -> None:
    connect_registry(STAFF, acme, service="own", host="own.example")
    own = assign_namespace(STAFF, acme, "team", stored_registry("own"))
    sam = signed_in("sam")
    shared = namespaces_of(acme).get(registry=None)
    page = f"{PAGE}{shared.pk}/release/"
    assert post(sam, page, confirmation="docker.io").status_code == 400
    assert post(sam, page, confirmation="docker.io/acme").status_code == 302
    assert sam.get(page).status_code == 404
    assert owned(acme) == ["own.example/team"]

    # What lies on its own registry is the owners' business.
    assert sam.get(f"{PAGE}{own.pk}/release/").status_code == 404
    assert "own.example" not in sam.get(PAGE).text
    with pytest.raises(NotAllowed):
        release_namespace(Actor("sam", None, named_user("sam")), acme, own)


def test_a_search_that_makes_no_sense_finds_nothing_wrong(signed_in: SignedIn) -> None:
    sam = signed_in("sam")
    assert sam.get(f"{PAGE}?search=%00&page=x").status_code == 400
    assert "No namespace like that" in sam.get(f"{PAGE}?search=%25nope").text
