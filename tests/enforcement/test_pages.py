"""Enforce Sign-in: who downloads and copies (S4), and what everybody reads."""

import html
import re
from collections.abc import Callable

import httpx
import pytest

from enforcement.artefacts import NAMES, artefact
from enforcement.artefacts.platforms import platforms
from orgs.actor import Actor
from orgs.models import Organization
from orgs.operations import change_profile, set_plan

pytestmark = pytest.mark.django_db
PAGE = "/orgs/acme/settings/enforce-sign-in/"
FILE = PAGE + "registry.json"
SignedIn = Callable[[str], httpx.Client]


def test_an_owner_downloads_the_file(signed_in: SignedIn) -> None:
    answer = signed_in("olivia").get(FILE)

    assert answer.content == b'{"allowedOrgs":["acme"]}'
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-disposition"] == 'attachment; filename="registry.json"'


@pytest.mark.parametrize(("person", "buttons"), [("olivia", True), ("mel", False)])
def test_everybody_reads_the_commands_and_owners_copy_them(
    signed_in: SignedIn, person: str, buttons: bool
) -> None:
    answer = signed_in(person).get(PAGE)

    text = html.unescape(answer.text)
    for platform in platforms(["acme"]):
        for command in platform.commands():
            assert command.text in text
            assert command.expected in text
    assert "Verify the restrictions" in text
    assert ('class="btn copy"' in text) is buttons
    assert (FILE in text) is buttons


def test_an_owner_downloads_each_artefact(signed_in: SignedIn) -> None:
    olivia = signed_in("olivia")
    for name in NAMES:
        answer, made = olivia.get(PAGE + name), artefact(name, ["acme"])
        assert answer.content == made.body
        assert answer.headers["content-type"] == made.media_type
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'


def test_s4_a_member_downloads_nothing(signed_in: SignedIn) -> None:
    mel = signed_in("mel")
    for name in NAMES:
        answer = mel.get(PAGE + name)
        assert answer.status_code == 403
        assert "Only owners of acme" in answer.text


@pytest.mark.parametrize("name", ["registry", "registry.json/", "registry_json", "é.json"])
def test_no_other_file_is_there(signed_in: SignedIn, name: str) -> None:
    answer = signed_in("olivia").get(PAGE + name, follow_redirects=True)
    assert answer.status_code == 404


def test_the_name_at_docker_hub_is_written_everywhere(
    signed_in: SignedIn, acme: Organization
) -> None:
    change_profile(
        Actor.site_staff(), acme, display_name="Acme", docker_organization="acme-industries"
    )
    olivia = signed_in("olivia")

    assert olivia.get(FILE).content == b'{"allowedOrgs":["acme-industries"]}'
    text = html.unescape(olivia.get(PAGE).text)
    assert "--allowed-org=acme-industries" in text
    assert "--allowed-org=acme'" not in text


def test_without_the_plan_there_is_no_file(signed_in: SignedIn, acme: Organization) -> None:
    set_plan(Actor.site_staff(), acme, Organization.Plan.FREE)
    olivia = signed_in("olivia")

    assert olivia.get(FILE).status_code == 403
    assert "needs the Business plan" in olivia.get(PAGE).text


def test_on_another_plan_everybody_reads_what_they_would_get(
    signed_in: SignedIn, acme: Organization
) -> None:
    set_plan(Actor.site_staff(), acme, Organization.Plan.FREE)
    for person in ("olivia", "mel"):
        text = html.unescape(signed_in(person).get(PAGE).text)
        assert "acme has the Free plan, so nothing can be downloaded." in text
        for name in NAMES:
            assert name in text
            assert PAGE + name not in text
        assert 'class="btn copy"' not in text


def test_the_visitors_platform_comes_first(signed_in: SignedIn) -> None:
    olivia = signed_in("olivia")
    for agent, order in {
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)": ["mac", "windows", "linux"],
        "Mozilla/5.0 (X11; Linux x86_64)": ["linux", "windows", "mac"],
        "Mozilla/5.0 (Windows NT 10.0)": ["windows", "mac", "linux"],
    }.items():
        answer = olivia.get(PAGE, headers={"User-Agent": agent})
        assert "User-Agent" in answer.headers["vary"]
        sections = re.findall(r'<section class="card" id="(\w+)"', answer.text)
        assert sections == order
