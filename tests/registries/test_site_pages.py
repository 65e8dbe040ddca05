"""Registries of the whole site: their pages, and what disconnecting one takes along."""

import re
from collections.abc import Callable
from io import StringIO

import httpx
import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from pytest_django import DjangoCaptureOnCommitCallbacks

from audit.models import SITE
from audit.queries import entries_of
from orgs.actor import Actor, Invalid, NotAllowed
from orgs.models import Organization
from permissions.callers import registry_with_secret
from permissions.models import ConnectedRegistry
from permissions.namespace_operations import assign_namespace, request_namespace
from permissions.own_rule_operations import add_own_rule, end_own_rule
from permissions.queries import (
    namespaces_of,
    policy_of,
    site_version,
    stored_registry,
)
from permissions.registry_operations import (
    RulesWouldStop,
    change_registry,
    change_site_registry,
    connect_registry,
    connect_site_registry,
    disconnect_site_registry,
)
from permissions.registry_queries import waiting_requests_of
from tests.conftest import named_user, post

pytestmark = pytest.mark.django_db

PAGE = "/site/registries/"
WIDE = f"{PAGE}wide/"
STAFF = Actor.site_staff()
HUB = "docker.io"
SignedIn = Callable[[str], httpx.Client]


@pytest.fixture
def wide(acme: Organization, globex: Organization) -> str:
    """A registry of the whole site with a namespace of acme's and a request of globex'."""
    secret = connect_site_registry(STAFF, service="wide", host="wide.example")[1]
    registry = stored_registry("wide")
    assign_namespace(STAFF, acme, "acme", registry)
    request_namespace(Actor("gus", None, named_user("gus")), globex, "globex", registry)
    return secret


def secret_in(text: str) -> str:
    (found,) = set(re.findall(r"hubadmin_reg_\w+", text))
    return str(found)


def send(client: httpx.Client, path: str, **fields: str) -> httpx.Response:
    """Post with the token of a page that everybody has: `path` is none."""
    client.get("/accounts/password/change/")
    return client.post(path, data=fields, headers={"X-CSRFToken": client.cookies["csrftoken"]})


def test_staff_connect_a_registry_and_see_its_credential_once(signed_in: SignedIn) -> None:
    sam = signed_in("sam")
    answer = post(sam, PAGE, service="second", host="second.example", mirrors_docker_hub="on")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    found = registry_with_secret(secret_in(answer.text))
    assert found is not None
    assert (found.service, found.organization, found.upstream_hub) == ("second", None, True)
    assert "hubadmin_reg_" not in sam.get(f"{PAGE}second/").text
    assert "second.example" in sam.get(PAGE).text
    assert entries_of(SITE)[0].actor == "sam"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"service": "acme", "host": "x.example"}, "has this service name"),
        ({"service": "new", "host": "docker.io"}, "Docker Hub&#x27;s own names"),
        ({"service": "new", "host": "wide.example"}, "is connected already"),
        ({"service": "new", "host": "WIDE.example:443"}, "is connected already"),
        ({"service": "Bad", "host": "x.example"}, "lower-case"),
        ({"service": "new", "host": ""}, "This field is required."),
    ],
)
@pytest.mark.usefixtures("wide")
def test_what_can_not_be_connected_is_told(
    signed_in: SignedIn, fields: dict[str, str], sentence: str
) -> None:
    answer = post(signed_in("sam"), PAGE, **fields)
    assert answer.status_code == 400
    assert sentence in answer.text


@pytest.mark.usefixtures("wide")
def test_staff_change_a_registry_and_an_unchanged_wish_changes_nothing(
    signed_in: SignedIn,
) -> None:
    sam, version = signed_in("sam"), site_version()
    assert post(sam, WIDE, host="wide.example").status_code == 302
    assert site_version() == version
    assert post(sam, WIDE, host="wide.example", anonymous_pulls="on").status_code == 302
    assert site_version() == version + 1
    entry = entries_of(SITE)[0]
    assert (entry.action, entry.target) == ("registry.changed", "wide")
    assert (entry.before, entry.after) == ({"anonymous_pulls": False}, {"anonymous_pulls": True})
    answer = post(sam, WIDE, host="wide.example", mirrors_docker_hub="on")
    assert answer.status_code == 400
    assert "while namespaces lie on it" in answer.text


def test_a_rotated_credential_ends_the_old_one(signed_in: SignedIn, wide: str) -> None:
    answer = send(signed_in("sam"), f"{WIDE}credential/")
    assert answer.headers["cache-control"] == "no-store"
    assert registry_with_secret(secret_in(answer.text)) is not None
    assert registry_with_secret(wide) is None


def test_disconnecting_says_what_goes_along_and_takes_it(
    signed_in: SignedIn, wide: str, acme: Organization, globex: Organization
) -> None:
    sam = signed_in("sam")
    page = sam.get(WIDE).text
    assert "1 namespace on it" in page
    assert "wide.example/acme" in page
    assert "1 waiting request" in page
    assert send(sam, f"{WIDE}disconnect/", confirmation="wid").status_code == 400
    versions = policy_of(acme).version, policy_of(globex).version, site_version()

    assert send(sam, f"{WIDE}disconnect/", confirmation="wide").status_code == 302
    assert sam.get(WIDE).status_code == 404
    assert registry_with_secret(wide) is None
    assert [str(namespace) for namespace in namespaces_of(acme)] == ["docker.io/acme"]
    assert [str(asked) for asked in waiting_requests_of(globex)] == ["docker.io/globex-labs"]
    assert policy_of(acme).version == versions[0] + 1
    assert policy_of(globex).version == versions[1]
    assert site_version() == versions[2] + 1
    entry = entries_of(SITE)[0]
    assert (entry.actor, entry.action) == ("sam", "registry.disconnected")
    assert entry.before["namespaces"] == ["wide.example/acme of acme"]
    assert entry.before["requests"] == ["wide.example/globex of globex"]
    released = entries_of(acme.pk)[0]
    assert (released.action, released.target) == ("namespace.released", "wide.example/acme")
    assert send(sam, f"{WIDE}disconnect/", confirmation="wide").status_code == 404


def test_owners_learn_by_email_what_went_with_a_registry(
    wide: str,
    acme: Organization,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    assign_namespace(STAFF, acme, "acme-tools", stored_registry("wide"))
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        disconnect_site_registry(STAFF, "wide")
    letters = {letter.to[0]: letter for letter in mail.outbox}
    assert sorted(letters) == ["gus@example.com", "olivia@example.com"]
    to_acme, to_globex = letters["olivia@example.com"], letters["gus@example.com"]
    assert to_acme.subject == "wide.example no longer serves acme"
    assert "wide.example/acme\nwide.example/acme-tools\n" in str(to_acme.body)
    assert "globex" not in str(to_acme.body)
    assert "wide.example/globex\n" in str(to_globex.body)
    assert "no longer owns" not in str(to_globex.body)


def test_nobody_is_written_to_who_lost_nothing(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    connect_site_registry(STAFF, service="wide", host="wide.example")
    with django_capture_on_commit_callbacks(execute=True):
        disconnect_site_registry(STAFF, "wide")
    assert mail.outbox == []


def test_an_organizations_registry_is_none_of_these(signed_in: SignedIn) -> None:
    sam = signed_in("sam")
    assert sam.get(f"{PAGE}acme/").status_code == 404
    assert send(sam, f"{PAGE}acme/credential/").status_code == 404
    with pytest.raises(Invalid, match="for the whole site"):
        disconnect_site_registry(STAFF, "acme")
    for change in (
        lambda actor: disconnect_site_registry(actor, "hub"),
        lambda actor: connect_site_registry(actor, service="new", host="new.example"),
    ):
        with pytest.raises(NotAllowed):
            change(Actor("olivia", None, named_user("olivia")))


@pytest.mark.usefixtures("wide")
def test_the_command_asks_first(monkeypatch: pytest.MonkeyPatch) -> None:
    out = StringIO()

    def nobody(prompt: str) -> str:
        raise EOFError

    for typed in (nobody, lambda prompt: "yes"):
        monkeypatch.setattr("builtins.input", typed)
        with pytest.raises(CommandError):
            call_command("disconnect_site_registry", "wide", stdout=out)
    assert "the namespace wide.example/acme of acme" in out.getvalue()
    assert "the request of globex for wide.example/globex" in out.getvalue()
    assert stored_registry("wide") is not None
    monkeypatch.setattr("builtins.input", lambda prompt: "wide")
    call_command("disconnect_site_registry", "wide", stdout=out)
    assert stored_registry("wide") is None
    with pytest.raises(CommandError, match="No registry wide"):
        call_command("disconnect_site_registry", "wide", no_input=True)


def become_mirror(organization: Organization) -> ConnectedRegistry:
    return change_registry(
        STAFF, organization, "own", host="mirror.example", upstream=HUB, members_only=False
    )


def test_an_organizations_own_mirror_would_not_stop_its_rules(acme: Organization) -> None:
    rule = add_own_rule(STAFF, acme, effect="block", target="mirror.example/bad/*")
    with pytest.raises(Invalid, match=r"stop counting: block mirror.example/bad/\*\. End them"):
        connect_registry(STAFF, acme, service="own", host="mirror.example", upstream=HUB)
    connect_registry(STAFF, acme, service="own", host="mirror.example")
    with pytest.raises(Invalid, match="stop counting"):
        become_mirror(acme)
    end_own_rule(STAFF, acme, rule.pk)
    assert become_mirror(acme).upstream == HUB


def test_a_mirror_of_the_whole_site_stops_rules_only_knowingly(
    signed_in: SignedIn,
    acme: Organization,
    globex: Organization,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    add_own_rule(STAFF, acme, effect="block", target="mirror.example/bad/*")
    add_own_rule(STAFF, globex, effect="block", target="other.example/bad/*")
    sam, wish = signed_in("sam"), {"host": "mirror.example", "mirrors_docker_hub": "on"}
    answer = post(sam, PAGE, service="wide", **wish)
    assert answer.status_code == 400
    assert "They are rules of acme." in answer.text
    assert "example/bad" not in answer.text  # which rules, is acme's business
    connect_site_registry(STAFF, service="wide", host="mirror.example")
    with pytest.raises(RulesWouldStop):
        change_site_registry(
            STAFF,
            "wide",
            host="mirror.example",
            upstream=HUB,
            members_only=False,
            anonymous_pulls=False,
        )
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        assert post(sam, WIDE, **wish, rules_may_stop="on").status_code == 302
    (letter,) = mail.outbox
    assert letter.to == ["olivia@example.com"]
    assert "mirror.example" in letter.subject
    entry = entries_of(acme.pk)[0]
    assert (entry.actor, entry.action) == ("sam", "own_rules.stopped_counting")
    assert entries_of(globex.pk)[0].action != "own_rules.stopped_counting"
    # It is one now: nothing stops any more.
    assert post(sam, WIDE, **wish, members_only="on").status_code == 302
