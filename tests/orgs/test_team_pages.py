"""The pages of teams, as owners change them and members read them."""

from collections.abc import Callable

import httpx
import pytest
from django_scopes import scope

from orgs.actor import Actor
from orgs.member_operations import add_to_team
from orgs.models import Organization
from orgs.queries import is_owner, members_of_team, team_of
from orgs.team_operations import create_team
from permissions.core.own_rules import Audience
from permissions.own_rule_operations import add_own_rule
from tests.conftest import named_user, post

pytestmark = pytest.mark.django_db
STAFF = Actor.site_staff()
TEAMS = "/orgs/acme/teams/"
SignedIn = Callable[[str], httpx.Client]


def people_in(organization: Organization, name: str) -> list[str]:
    team = team_of(organization, name)
    assert team is not None
    with scope(organization=organization):
        return [membership.user.username for membership in members_of_team(organization, team)]


def test_an_owner_makes_a_team_and_fills_it(signed_in: SignedIn, acme: Organization) -> None:
    olivia = signed_in("olivia")
    made = post(olivia, TEAMS, name="research", description="They try.", can_push="on")
    assert made.headers["location"] == f"{TEAMS}research/"
    joined = post(olivia, f"{TEAMS}research/", usernames="@Mel, gus\nmel")
    assert joined.is_redirect
    assert people_in(acme, "research") == ["gus", "mel"]
    page = signed_in("mel").get(f"{TEAMS}research/").text
    assert "They try." in page
    assert "Take out" not in page
    assert "checkbox" not in page


def test_what_can_not_be_added_is_told_and_kept(signed_in: SignedIn, acme: Organization) -> None:
    create_team(STAFF, acme, "research")
    olivia = signed_in("olivia")
    for typed, sentence in (
        ("mel nina", "acme has no member nina."),
        (" , ", "at least one member"),
        (" ".join(f"user{n}" for n in range(101)), "at most 100"),
        ("mel\x00", "Null characters"),
        ("&lt;b&gt;", "has no member"),
    ):
        answer = post(olivia, f"{TEAMS}research/", usernames=typed)
        assert answer.status_code == 400
        assert sentence in answer.text
    assert people_in(acme, "research") == []
    answer = post(olivia, TEAMS, name="research", description="Kept")
    assert answer.status_code == 400
    assert "already exists in acme" in answer.text
    assert "Kept" in answer.text


def test_an_owner_takes_members_out(signed_in: SignedIn, acme: Organization) -> None:
    create_team(STAFF, acme, "research")
    add_to_team(STAFF, acme, "research", ["mel", "gus"])
    olivia = signed_in("olivia")
    olivia.get(TEAMS)
    csrf = {"X-CSRFToken": olivia.cookies["csrftoken"]}
    leave = f"{TEAMS}research/leave/"
    none = olivia.post(leave, headers=csrf, follow_redirects=True)
    assert "Choose at least one member" in none.text
    both = olivia.post(leave, data={"user": ["mel", "gus"]}, headers=csrf, follow_redirects=True)
    assert "No longer in research: gus, mel." in both.text
    assert people_in(acme, "research") == []

    last = f"{TEAMS}owners/leave/"
    refused = olivia.post(last, data={"user": "olivia"}, headers=csrf, follow_redirects=True)
    assert "without an active owner" in refused.text
    assert is_owner(acme, named_user("olivia"))


def test_an_owner_renames_a_team(signed_in: SignedIn, acme: Organization) -> None:
    create_team(STAFF, acme, "research")
    olivia = signed_in("olivia")
    saved = post(olivia, f"{TEAMS}research/settings/", name="science", description="")
    assert saved.headers["location"] == f"{TEAMS}science/"
    refused = post(olivia, f"{TEAMS}science/settings/", name="owners", description="")
    assert refused.status_code == 400
    assert "already exists" in refused.text


def test_an_owner_deletes_a_team_that_nothing_depends_on(
    signed_in: SignedIn, acme: Organization
) -> None:
    create_team(STAFF, acme, "research")
    olivia = signed_in("olivia")
    page = f"{TEAMS}research/delete/"
    assert "exactly as it is written" in post(olivia, page, name="Research").text

    add_own_rule(STAFF, acme, effect="block", target="official", audience=Audience.team("research"))
    shown = olivia.get(page).text
    assert "be deleted yet" in shown
    assert "block official" in shown
    csrf = {"X-CSRFToken": olivia.cookies["csrftoken"]}
    refused = olivia.post(page, data={"name": "research"}, headers=csrf)
    assert (refused.status_code, team_of(acme, "research") is None) == (400, False)


def test_the_owners_team_explains_itself(signed_in: SignedIn) -> None:
    olivia = signed_in("olivia")
    page = olivia.get(f"{TEAMS}owners/").text
    assert "This team is built in" in page
    assert "Delete team" not in page
    for last in ("settings", "delete"):
        assert olivia.get(f"{TEAMS}owners/{last}/").status_code == 404
