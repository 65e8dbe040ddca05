"""Artefacts for several organizations: who may add which, and in which order."""

import html
import json
import re
from collections.abc import Callable

import httpx
import pytest

from enforcement.artefacts import NAMES, artefact
from orgs.actor import Actor
from orgs.member_operations import add_member
from orgs.models import Organization
from orgs.operations import change_profile, set_plan
from tests.conftest import named_organization, named_user

pytestmark = pytest.mark.django_db
PAGE = "/orgs/acme/settings/enforce-sign-in/"
FILE = PAGE + "registry.json"
SignedIn = Callable[[str], httpx.Client]


def make_owner(username: str, name: str) -> None:
    organization = named_organization(name)
    add_member(Actor.site_staff(), organization, named_user(username), teams=["owners"])


@pytest.fixture
def olivia(signed_in: SignedIn) -> httpx.Client:
    """Olivia, who owns acme, and now globex too."""
    make_owner("olivia", "globex")
    return signed_in("olivia")


def organizations(client: httpx.Client, query: str) -> list[str]:
    names: list[str] = json.loads(client.get(FILE + query).raise_for_status().text)["allowedOrgs"]
    return names


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["acme"]),
        ("?org=globex", ["acme", "globex"]),
        ("?org=globex&org=globex", ["acme", "globex"]),
        ("?org=globex&org=acme", ["acme", "globex"]),
        ("?org=&org=globex&org=", ["acme", "globex"]),
        ("?org=acme", ["acme"]),
        ("?organization=globex", ["acme"]),
    ],
)
def test_the_pages_own_first_then_those_added_none_twice(
    olivia: httpx.Client, query: str, expected: list[str]
) -> None:
    assert organizations(olivia, query) == expected


def test_in_the_order_chosen(olivia: httpx.Client) -> None:
    make_owner("olivia", "initech")
    set_plan(Actor.site_staff(), named_organization("initech"), Organization.Plan.BUSINESS)

    assert organizations(olivia, "?org=globex&org=initech") == ["acme", "globex", "initech"]
    assert organizations(olivia, "?org=initech&org=globex") == ["acme", "initech", "globex"]


def test_every_artefact_follows(olivia: httpx.Client) -> None:
    for name in NAMES:
        made = artefact(name, ["acme", "globex"])
        assert olivia.get(f"{PAGE}{name}?org=globex").content == made.body


def test_the_page_follows(olivia: httpx.Client) -> None:
    text = html.unescape(olivia.get(f"{PAGE}?org=globex").text)
    assert '{"allowedOrgs":["acme","globex"]}' in text
    assert '{"allowedOrgs":["acme"]}' not in text


def test_the_page_offers_what_else_the_asker_owns(olivia: httpx.Client) -> None:
    """And not initech, which lacks the plan."""
    make_owner("olivia", "initech")

    page = olivia.get(f"{PAGE}?org=globex").text
    assert page.count('name="org"') == 1
    form = page.partition('<form method="get"')[2].partition("</form>")[0]
    assert re.findall(r'<option value="(\w*)"( selected)?>', form) == [
        ("", ""),
        ("globex", " selected"),
    ]
    assert '<a class="text-link" href="/orgs/globex/settings/enforce-sign-in/?org=acme">' in page
    assert f'href="{FILE}?org=globex"' in page


def test_who_owns_one_is_offered_nothing(signed_in: SignedIn) -> None:
    for person in ("olivia", "mel"):
        page = signed_in(person).get(PAGE).text
        assert "For which organizations" not in page
        assert 'name="org"' not in page


def test_s1_by_their_names_at_docker_hub(olivia: httpx.Client, globex: Organization) -> None:
    staff = Actor.site_staff()
    change_profile(staff, globex, display_name="Globex", docker_organization="globex-at-hub")

    assert organizations(olivia, "?org=globex") == ["acme", "globex-at-hub"]
    assert olivia.get(f"{FILE}?org=globex-at-hub").status_code == 404


@pytest.mark.parametrize("name", ["globex", "nowhere", "GLOBEX", "globex/", "é", "a" * 5000, "a\0"])
def test_p1_what_the_asker_may_not_see_does_not_exist(signed_in: SignedIn, name: str) -> None:
    """Globex exists, and Olivia is not in it: the same answer, byte for byte."""
    olivia = signed_in("olivia")
    for path in (PAGE, FILE):
        answer = olivia.get(path, params={"org": name})
        assert answer.status_code == 404
        assert _same(answer) == _same(olivia.get(path, params={"org": "no-such-organization"}))


def _same(answer: httpx.Response) -> str:
    return answer.text.partition("<main")[2].partition("</main>")[0]


def test_more_than_anybody_owns_is_refused(signed_in: SignedIn) -> None:
    olivia = signed_in("olivia")
    assert olivia.get(f"{FILE}?{'&'.join(['org=globex'] * 1001)}").status_code == 400


def test_s4_a_member_of_it_who_is_no_owner_adds_nothing(signed_in: SignedIn) -> None:
    """Gus owns globex and is a member of acme."""
    gus = signed_in("gus")
    for file in ("", "registry.json"):
        answer = gus.get(f"/orgs/globex/settings/enforce-sign-in/{file}?org=acme")
        assert answer.status_code == 403
        assert "Only owners of acme can add it here." in answer.text


def test_s4_a_member_of_the_first_downloads_nothing_by_adding_their_own(
    signed_in: SignedIn,
) -> None:
    answer = signed_in("gus").get(f"{FILE}?org=globex")
    assert answer.status_code == 403
    assert "Only owners of acme" in answer.text


def test_one_without_the_plan_ends_the_download(olivia: httpx.Client, globex: Organization) -> None:
    set_plan(Actor.site_staff(), globex, Organization.Plan.TEAM)

    answer = olivia.get(f"{FILE}?org=globex")
    assert answer.status_code == 403
    assert "needs the Business plan, and globex does not have it." in answer.text
    assert olivia.get(f"{PAGE}?org=globex").status_code == 200
    assert organizations(olivia, "") == ["acme"]
