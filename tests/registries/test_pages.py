"""The pages of connected registries."""

import re
from collections.abc import Callable

import httpx
import pytest
from pytest_django import Settings as DjangoSettings

from orgs.actor import Actor
from orgs.models import Organization
from permissions.callers import registry_with_secret
from permissions.namespace_operations import assign_namespace
from permissions.operations import Settings, change_policy
from permissions.queries import namespaces_of, stored_registry
from permissions.registry_operations import connect_registry
from tests.conftest import post
from tests.services.process import free_port

pytestmark = pytest.mark.django_db

PAGE = "/orgs/acme/settings/registries/"
OWN = f"{PAGE}own/"
STAFF = Actor.site_staff()
SignedIn = Callable[[str], httpx.Client]
PATHS = (PAGE, OWN, f"{OWN}credential/", f"{OWN}disconnect/", f"{OWN}try/")


@pytest.fixture
def own(acme: Organization) -> str:
    """A registry of acme's that holds its own images; its credential."""
    secret = connect_registry(STAFF, acme, service="own", host="own.example")[1]
    assign_namespace(STAFF, acme, "team", stored_registry("own"))
    return secret


def secret_in(text: str) -> str:
    found = re.findall(r"hubadmin_reg_\w+", text)
    assert found
    assert len(set(found)) == 1
    return str(found[0])


def send(client: httpx.Client, path: str, **fields: str) -> httpx.Response:
    """Post with the token of a page that everybody has: `path` may not be one."""
    client.get("/accounts/password/change/")
    return client.post(path, data=fields, headers={"X-CSRFToken": client.cookies["csrftoken"]})


def test_an_owner_connects_a_registry_and_sees_its_credential_once(signed_in: SignedIn) -> None:
    olivia = signed_in("olivia")
    answer = post(olivia, PAGE, service="second", host="second.example:5000", members_only="on")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    secret = secret_in(answer.text)
    found = registry_with_secret(secret)
    assert found is not None
    assert (found.service, found.organization, found.requires_membership) == (
        "second",
        "acme",
        True,
    )
    # The files to copy hold it while it is shown.
    assert f"set $registry_token &quot;{secret}&quot;;" in answer.text
    for path in (PAGE, f"{PAGE}second/"):
        assert "hubadmin_reg_" not in olivia.get(path).text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"service": "", "host": "a.example"}, "This field is required."),
        ({"service": "Bad", "host": "a.example"}, "lower-case letters"),
        ({"service": "n" * 31, "host": "a.example"}, "lower-case letters"),
        ({"service": "new", "host": "a.example/path"}, "give host or host:port"),
        ({"service": "new", "host": "docker.io"}, "own names can&#x27;t be connected"),
        ({"service": "new", "host": "localhost:5001"}, "for the whole site already"),
        ({"service": "new", "host": "localhost:5000"}, "has connected localhost:5000 already"),
        ({"service": "hub", "host": "a.example"}, "Another registry has this service name"),
        ({"service": "new", "host": "a.example\x00"}, "Null characters"),
        ({"service": "new", "host": "h" * 262}, "at most 261"),
        ({"service": "new", "host": "169.254.169.254:\u0661"}, "can&#x27;t be"),
    ],
)
def test_a_registry_that_can_not_be_connected_is_told(
    signed_in: SignedIn, fields: dict[str, str], sentence: str
) -> None:
    answer = post(signed_in("olivia"), PAGE, **fields)
    assert answer.status_code == 400
    assert sentence in answer.text
    assert "hubadmin_reg_" not in answer.text
    assert stored_registry("new") is None


def test_the_settings_are_changed(signed_in: SignedIn, own: str) -> None:
    olivia = signed_in("olivia")
    assert post(olivia, OWN, host="other.example", members_only="on").status_code == 302
    found = stored_registry("own")
    assert found is not None
    assert (found.host, found.members_only, found.upstream) == ("other.example", True, "")
    refused = post(olivia, OWN, host="other.example", mirrors_docker_hub="on")
    assert refused.status_code == 400
    assert "Release them first" in refused.text


def test_a_rotated_credential_is_shown_once_and_the_old_one_is_dead(
    signed_in: SignedIn, own: str
) -> None:
    olivia = signed_in("olivia")
    answer = send(olivia, f"{OWN}credential/")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert registry_with_secret(own) is None
    assert registry_with_secret(secret_in(answer.text)) is not None
    assert "hubadmin_reg_" not in olivia.get(OWN).text
    assert olivia.get(f"{OWN}credential/").status_code == 405


def test_a_registry_is_disconnected_when_its_name_is_typed(
    signed_in: SignedIn, acme: Organization, own: str
) -> None:
    olivia = signed_in("olivia")
    for typed in ("", "Own", "own "):
        answer = send(olivia, f"{OWN}disconnect/", confirmation=typed)
        assert answer.status_code == 400
        assert '<details class="operation" open>' in answer.text
    assert send(olivia, f"{OWN}disconnect/", confirmation="own").status_code == 302
    assert stored_registry("own") is None
    assert registry_with_secret(own) is None
    assert [str(namespace) for namespace in namespaces_of(acme)] == ["docker.io/acme"]
    assert olivia.get(OWN).status_code == 404
    assert send(olivia, f"{OWN}disconnect/", confirmation="own").status_code == 404


def test_p1_members_read_without_forms_and_secrets(signed_in: SignedIn, own: str) -> None:
    mel = signed_in("mel")
    page = mel.get(OWN).text
    assert "own.example/team" in page
    assert f'action="{OWN}' not in page
    assert "Rotate" not in page
    assert "copy.js" not in page
    assert "hubadmin_reg_" not in page
    assert mel.get(f"{OWN}try/").status_code == 403
    assert "Connect a registry" not in mel.get(PAGE).text
    for path in PATHS:
        assert send(mel, path, service="x", host="x.example", confirmation="own").status_code == 403
    assert stored_registry("own") is not None
    assert registry_with_secret(own) is not None


def test_what_belongs_to_another_organization_does_not_exist(signed_in: SignedIn, own: str) -> None:
    gus, nina = signed_in("gus"), signed_in("nina")  # gus owns globex
    for path in PATHS[1:]:
        theirs = path.replace("acme", "globex")
        assert gus.get(theirs).status_code in (404, 405)
        assert send(gus, theirs, confirmation="own", host="x.example").status_code == 404
        assert send(nina, path, confirmation="own").status_code == 404
    # Nor has an organization's page what serves the whole site.
    olivia = signed_in("olivia")
    assert olivia.get(f"{PAGE}hub/").status_code == 404
    assert send(olivia, f"{PAGE}hub/credential/").status_code == 404
    assert send(olivia, f"{PAGE}hub/disconnect/", confirmation="hub").status_code == 404
    assert registry_with_secret(own) is not None
    assert stored_registry("hub") is not None


def test_trying_a_pull_shows_what_the_registry_would_be_told(
    signed_in: SignedIn, acme: Organization, own: str, settings: DjangoSettings
) -> None:
    settings.PROBE_REGISTRIES = False
    change_policy(STAFF, acme, Settings(True, True, True), None)
    olivia = signed_in("olivia")
    form = olivia.get(f"{OWN}try/").text
    assert 'value="gus"' in form  # the first who is no owner
    assert 'value="own.example/team/app"' in form

    def answer(member: str, image: str) -> str:
        answered = post(olivia, f"{OWN}try/", member=member, image=image)
        assert answered.status_code == 200
        assert "switched looking at registries off" in answered.text
        return answered.text

    assert "organization_image" in answer("mel", "own.example/team/app:1")
    assert "community_restricted" in answer("mel", "own.example/other/app")
    assert "owner" in answer("olivia", "own.example/other/app")
    assert "invalid_reference" in answer("mel", "own.example/Team/app")
    # Whether somebody outside exists is not told (O0).
    outside = [answer(name, "own.example/team/app") for name in ("nina", "nobody-at-all", "Å!")]
    assert all("not_a_member" in page for page in outside)
    assert not any("unknown_subject" in page for page in outside)


@pytest.mark.parametrize(
    ("image", "sentence"),
    [
        ("", "This field is required."),
        ("docker.io/library/alpine", "begin with own.example/"),
        ("own.example", "begin with own.example/"),
        ("own.example/" + "a" * 1000, "at most 1000"),
        ("own.example/a\x00", "Null characters"),
    ],
)
def test_an_image_that_is_not_the_registrys_is_refused(
    signed_in: SignedIn, own: str, image: str, sentence: str
) -> None:
    answer = post(signed_in("olivia"), f"{OWN}try/", member="mel", image=image)
    assert answer.status_code == 400
    assert sentence in answer.text


def test_a_registry_that_is_not_there_is_said_to_be(
    signed_in: SignedIn, acme: Organization
) -> None:
    port = free_port()
    connect_registry(STAFF, acme, service="away", host=f"localhost:{port}")
    page = f"{PAGE}away/try/"
    answer = post(signed_in("olivia"), page, member="mel", image=f"localhost:{port}/a/b")
    assert answer.status_code == 200
    assert "nothing listens there" in answer.text


def test_looking_at_registries_is_limited(signed_in: SignedIn, acme: Organization) -> None:
    connect_registry(STAFF, acme, service="meta", host="169.254.169.254")
    olivia = signed_in("olivia")
    page, fields = f"{PAGE}meta/try/", {"member": "mel", "image": "169.254.169.254/a/b"}
    answers = [post(olivia, page, **fields).text for _ in range(11)]
    assert all("is not looked at" in text for text in answers[:10])
    assert "Wait, then try again" in answers[10]


def test_a_verified_publishers_image_says_which_entry_made_it_one(signed_in: SignedIn) -> None:
    answer = post(
        signed_in("olivia"), f"{PAGE}acme/try/", member="mel", image="localhost:5000/grafana/loki"
    )
    assert answer.status_code == 200
    assert 'href="/catalog/?text=grafana"' in answer.text
