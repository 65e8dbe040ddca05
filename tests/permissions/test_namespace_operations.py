"""Asking for namespaces, and what site staff answer (C9)."""

from io import StringIO

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import timezone
from django_scopes import scope
from pytest_django import DjangoCaptureOnCommitCallbacks

from audit.queries import entries_of
from orgs.actor import Actor, Invalid, NotAllowed
from orgs.member_operations import add_member
from orgs.models import Organization
from permissions.models import NamespaceRequest
from permissions.namespace_operations import (
    MOST_WAITING,
    approve_namespace,
    assign_namespace,
    decline_namespace,
    release_namespace,
    request_namespace,
    withdraw_namespace_request,
)
from permissions.queries import namespaces_of, policy_of, stored_registry
from permissions.registry_operations import connect_registry, connect_site_registry
from permissions.registry_queries import (
    namespace_named,
    request_numbered,
    waiting_requests,
    waiting_requests_of,
)
from tests.conftest import named_user

pytestmark = pytest.mark.django_db

STAFF = Actor.site_staff()


def actor(name: str) -> Actor:
    return Actor(name, None, named_user(name))


def asked(organization: Organization, path: str = "acme-tools") -> NamespaceRequest:
    owner = {"acme": "olivia", "globex": "gus"}[organization.name]
    return request_namespace(actor(owner), organization, path, note="We push there.")


def state_of(request: NamespaceRequest) -> str:
    found = request_numbered(request.organization, request.pk)
    assert found is not None
    return found.state


def owned(organization: Organization) -> list[str]:
    return [str(namespace) for namespace in namespaces_of(organization)]


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_p1_only_owners_ask_and_only_staff_answer(acme: Organization) -> None:
    with pytest.raises(NotAllowed, match="Only owners of acme can ask"):
        request_namespace(actor("mel"), acme, "acme-tools")
    request = asked(acme)
    with pytest.raises(NotAllowed, match="Only site staff"):
        approve_namespace(actor("olivia"), acme, request)
    with pytest.raises(NotAllowed, match="Only site staff"):
        decline_namespace(actor("olivia"), acme, request, "No.")
    with pytest.raises(NotAllowed, match="Only owners of acme"):
        withdraw_namespace_request(actor("mel"), acme, request)
    with pytest.raises(NotAllowed, match="Only owners of acme"):
        release_namespace(actor("mel"), acme, namespaces_of(acme)[0])
    assert owned(acme) == ["docker.io/acme"]
    assert state_of(request) == "pending"


def test_asking_gives_nothing_yet(acme: Organization) -> None:
    version = policy_of(acme).version
    asked(acme)
    assert owned(acme) == ["docker.io/acme"]
    assert policy_of(acme).version == version
    entry = entries_of(acme.pk)[0]
    assert (entry.action, entry.target) == ("namespace.requested", "docker.io/acme-tools")


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("library", "official images; nobody can own it"),
        ("bitnami", "a publisher in the catalogue"),
        ("globex/inner", "overlaps a namespace of another organization"),
        ("acme", "acme owns docker.io/acme already"),
        ("Acme", "can't be a namespace"),
        ("acme:1", "without tag or digest"),
        ("", "can't be a namespace"),
        ("a" * 255, "can't be a namespace"),
    ],
)
def test_c9_what_can_not_be_given_is_not_asked_for(
    acme: Organization, path: str, sentence: str
) -> None:
    with pytest.raises(Invalid, match=sentence):
        asked(acme, path)
    assert not waiting_requests_of(acme)


def test_one_request_for_one_namespace_at_a_time(acme: Organization, globex: Organization) -> None:
    first = asked(acme)
    with pytest.raises(Invalid, match=r"has asked for .* already"):
        asked(acme)
    asked(globex, "acme-tools")  # Staff decide between the two.
    withdraw_namespace_request(actor("olivia"), acme, first)
    asked(acme)
    with scope(organization=acme), pytest.raises(IntegrityError), transaction.atomic():
        NamespaceRequest.objects.create(organization=acme, path="acme-tools", asked_by="olivia")


def test_no_organization_buries_the_requests_of_others(acme: Organization) -> None:
    for number in range(MOST_WAITING):
        asked(acme, f"acme-{number}")
    with pytest.raises(Invalid, match="requests waiting"):
        asked(acme, "acme-more")


def test_on_its_own_registry_an_organization_need_not_ask(acme: Organization) -> None:
    registry, _ = connect_registry(STAFF, acme, service="own", host="own.example")
    with pytest.raises(Invalid, match="Owners of acme assign"):
        request_namespace(actor("olivia"), acme, "team", registry)


def test_c9_a_mirror_of_the_whole_site_takes_no_request(acme: Organization) -> None:
    with pytest.raises(Invalid, match="mirrors Docker Hub"):
        request_namespace(actor("olivia"), acme, "team", stored_registry("hub"))


def test_the_database_keeps_sense_in_requests(acme: Organization) -> None:
    request = asked(acme)
    with scope(organization=acme):
        rows = NamespaceRequest.objects.filter(pk=request.pk)
        for nonsense in (
            {"state": "approved"},
            {"settled_at": timezone.now()},
            {"state": "maybe", "settled_at": timezone.now()},
            {"reason": "Because."},
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                rows.update(**nonsense)


def test_approval_gives_the_namespace_and_writes_to_every_owner(
    acme: Organization, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    add_member(STAFF, acme, named_user("gus"), teams=["owners"])
    request = asked(acme)
    version = policy_of(acme).version
    with django_capture_on_commit_callbacks(execute=True):
        approve_namespace(STAFF, acme, request)

    assert owned(acme) == ["docker.io/acme", "docker.io/acme-tools"]
    assert policy_of(acme).version == version + 1
    assert state_of(request) == "approved"
    entry = entries_of(acme.pk)[0]
    assert (entry.action, entry.after) == ("namespace.assigned", {"asked_for_by": "olivia"})
    assert sorted(letter.to[0] for letter in mail.outbox) == [
        "gus@example.com",
        "olivia@example.com",
    ]
    letter = mail.outbox[0]
    assert letter.subject == "docker.io/acme-tools now belongs to acme"
    assert "http://localhost:8000/orgs/acme/settings/namespaces/" in letter.body


def test_a_declined_request_tells_the_owners_why(
    acme: Organization, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    request = asked(acme)
    with pytest.raises(Invalid, match="Give a reason"):
        decline_namespace(STAFF, acme, request, "  ")
    with django_capture_on_commit_callbacks(execute=True):
        decline_namespace(STAFF, acme, request, "It's somebody <else>'s.")
    assert state_of(request) == "declined"
    assert owned(acme) == ["docker.io/acme"]
    assert [letter.to for letter in mail.outbox] == [["olivia@example.com"]]
    assert "It's somebody <else>'s." in mail.outbox[0].body


def test_what_is_settled_is_settled(acme: Organization) -> None:
    request = asked(acme)
    withdraw_namespace_request(actor("olivia"), acme, request)
    with pytest.raises(Invalid, match="is settled: withdrawn"):
        approve_namespace(STAFF, acme, request)
    with pytest.raises(Invalid, match="is settled"):
        decline_namespace(STAFF, acme, request, "Too late.")
    with pytest.raises(Invalid, match="is settled"):
        withdraw_namespace_request(actor("olivia"), acme, request)
    assert owned(acme) == ["docker.io/acme"]


def test_what_somebody_else_got_meanwhile_is_not_approved(
    acme: Organization, globex: Organization
) -> None:
    request = asked(acme)
    assign_namespace(STAFF, globex, "acme-tools")
    with pytest.raises(Invalid, match="overlaps a namespace of another organization"):
        approve_namespace(STAFF, acme, request)
    assert state_of(request) == "pending"


def test_assigning_what_was_asked_for_settles_the_request(acme: Organization) -> None:
    request = asked(acme)
    assign_namespace(STAFF, acme, "acme-tools")
    assert state_of(request) == "approved"


def test_a_request_of_another_organization_is_none_of_ones_own(
    acme: Organization, globex: Organization
) -> None:
    request = asked(acme)
    with pytest.raises(Invalid, match="globex has no such request"):
        withdraw_namespace_request(actor("gus"), globex, request)
    with pytest.raises(Invalid, match="globex has no such request"):
        approve_namespace(STAFF, globex, request)
    with pytest.raises(Invalid, match="globex does not own"):
        release_namespace(actor("gus"), globex, namespaces_of(acme)[0])


def test_a_released_namespace_is_nobodys_and_can_be_given_again(
    acme: Organization, globex: Organization
) -> None:
    version = policy_of(acme).version
    namespace = namespaces_of(acme)[0]
    release_namespace(actor("olivia"), acme, namespace)
    assert owned(acme) == []
    assert policy_of(acme).version == version + 1
    entry = entries_of(acme.pk)[0]
    assert (entry.action, entry.target) == ("namespace.released", "docker.io/acme")
    with pytest.raises(Invalid, match=r"does not own .* any more"):
        release_namespace(actor("olivia"), acme, namespace)
    assign_namespace(STAFF, globex, "acme")


def test_a_site_wide_registrys_namespaces_are_asked_for_and_given(acme: Organization) -> None:
    registry, _ = connect_site_registry(STAFF, service="wide", host="wide.example")
    request = request_namespace(actor("olivia"), acme, "acme", registry)
    approve_namespace(STAFF, acme, request)
    assert namespace_named(acme, "wide.example/acme") is not None


def test_site_staff_answer_by_command(acme: Organization) -> None:
    (of_the_demo,) = waiting_requests()
    decline_namespace(STAFF, of_the_demo.organization, of_the_demo, "Not now.")
    assert run("namespace_requests") == "No organization asks for a namespace.\n"
    first, second = asked(acme), asked(acme, "acme-docs")
    listed = run("namespace_requests").splitlines()
    assert listed[0].startswith(f"{first.pk}  docker.io/acme-tools  for acme, asked by olivia")
    assert listed[0].endswith(": We push there.")
    assert run("approve_namespace", str(first.pk)) == "acme owns docker.io/acme-tools.\n"
    declined = run("decline_namespace", str(second.pk), "Use acme-tools.")
    assert declined == "acme does not get docker.io/acme-docs.\n"
    released = run("release_namespace", "acme", "docker.io/acme-tools")
    assert released == "acme does not own docker.io/acme-tools any more.\n"
    assert owned(acme) == ["docker.io/acme"]
    assert run("disconnect_registry", "acme", "acme") == "acme has no registry acme any more.\n"


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (("approve_namespace", "999999"), "There is no request 999999"),
        (("approve_namespace", "9" * 30), "There is no request 999"),
        (("decline_namespace", "999999", "No."), "There is no request 999999"),
        (("release_namespace", "acme", "docker.io/globex"), "acme does not own docker.io/globex"),
        (("release_namespace", "nowhere", "x"), "There is no organization nowhere"),
        (("disconnect_registry", "acme", "hub"), "acme has no registry hub"),
    ],
)
def test_commands_refuse_in_one_sentence(command: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        run(*command)
