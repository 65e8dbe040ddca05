"""The pages of members, as owners change them and members read them."""

import csv
import io
from collections.abc import Callable

import httpx
import pytest
from django_scopes import scope

from orgs.actor import Actor
from orgs.member_operations import add_member
from orgs.models import Organization, User
from orgs.queries import member_of
from orgs.team_operations import create_team
from tests.conftest import named_user, post

pytestmark = pytest.mark.django_db
STAFF = Actor.site_staff()
MEMBERS = "/orgs/acme/members/"
REMOVE = "/orgs/acme/remove-members/"
LEAVE = "/orgs/acme/leave/"
SignedIn = Callable[[str], httpx.Client]


def teams_of(organization: Organization, username: str) -> list[str]:
    with scope(organization=organization):
        membership = member_of(organization, username)
        assert membership is not None
        return sorted(team.name for team in membership.teams.all())


def test_members_see_who_is_there_and_no_addresses(signed_in: SignedIn) -> None:
    pages = {name: signed_in(name).get(MEMBERS).text for name in ("mel", "olivia")}
    assert all("Gus García" in text for text in pages.values())
    for word in ("gus@example.com", "checkbox", "Last seen", "CSV", "Remove"):
        assert word in pages["olivia"]
        assert word not in pages["mel"]
    one = {name: signed_in(name).get(f"{MEMBERS}gus/").text for name in ("mel", "olivia")}
    for word in ("gus@example.com", "checkbox", "Last seen", "Remove gus"):
        assert word in one["olivia"]
        assert word not in one["mel"]


def test_members_find_nobody_by_address(signed_in: SignedIn) -> None:
    assert "Gus" not in signed_in("mel").get(f"{MEMBERS}?words=example.com").text
    assert "Gus" in signed_in("olivia").get(f"{MEMBERS}?words=example.com").text


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("words=zzz", "Nobody fits the filter."),
        ("role=king", "Select a valid choice"),
        ("team=ghosts", "Select a valid choice"),
        ("order=height", "Select a valid choice"),
        ("words=%00", "Null characters"),
        ("words=" + "x" * 101, "at most 100"),
        ("page=9", "Gus"),
    ],
)
def test_a_filter_that_fits_nobody_or_nothing_is_told(
    signed_in: SignedIn, query: str, sentence: str
) -> None:
    answer = signed_in("olivia").get(f"{MEMBERS}?{query}")
    assert answer.status_code == 200
    assert sentence in answer.text


def test_an_owner_changes_a_members_teams(signed_in: SignedIn, acme: Organization) -> None:
    for name in ("builders", "research"):
        create_team(STAFF, acme, name)
    olivia = signed_in("olivia")
    assert post(olivia, f"{MEMBERS}mel/", teams=["builders", "owners"]).is_redirect
    assert teams_of(acme, "mel") == ["builders", "owners"]

    # What another owner has changed since the page was drawn stays as it is.
    add_member(STAFF, acme, named_user("mel"), teams=["research"])
    shown = ["builders", "owners"]
    assert post(olivia, f"{MEMBERS}mel/", teams=["builders"], shown=shown).is_redirect
    assert teams_of(acme, "mel") == ["builders", "research"]

    refused = post(olivia, f"{MEMBERS}olivia/", shown=["owners"])
    assert refused.status_code == 400
    assert "without an active owner" in refused.text
    odd = post(olivia, f"{MEMBERS}mel/", teams=["ghosts"])
    assert odd.status_code == 400
    assert "Select a valid choice" in odd.text


def test_there_is_no_page_of_strangers(signed_in: SignedIn) -> None:
    olivia = signed_in("olivia")
    for name in ("nina", "ghost", "x" * 31):
        assert olivia.get(f"{MEMBERS}{name}/").status_code == 404


def test_an_owner_removes_several(signed_in: SignedIn, acme: Organization) -> None:
    olivia = signed_in("olivia")
    assert olivia.get(REMOVE).is_redirect
    assert olivia.get(f"{REMOVE}?user=nina").is_redirect
    page = olivia.get(f"{REMOVE}?user=mel&user=gus&user=nina").text
    assert "Remove 2 members" in page
    csrf = {"X-CSRFToken": olivia.cookies["csrftoken"]}
    done = olivia.post(REMOVE, data={"user": ["mel", "gus"]}, headers=csrf, follow_redirects=True)
    assert "No longer in acme: gus, mel." in done.text
    refused = olivia.post(REMOVE, data={"user": "olivia"}, headers=csrf)
    assert refused.status_code == 400
    assert "Nobody is removed" in refused.text


def test_an_owner_who_removes_oneself_is_sent_home(signed_in: SignedIn, acme: Organization) -> None:
    add_member(STAFF, acme, named_user("mel"), teams=["owners"])
    olivia = signed_in("olivia")
    olivia.get(f"{REMOVE}?user=olivia")
    csrf = {"X-CSRFToken": olivia.cookies["csrftoken"]}
    assert olivia.post(REMOVE, data={"user": "olivia"}, headers=csrf).headers["location"] == "/"


def test_a_member_leaves(signed_in: SignedIn) -> None:
    gus = signed_in("gus")
    left = post(gus, LEAVE)
    assert left.headers["location"] == "/"
    assert "no longer a member of acme" in gus.get("/").text
    assert gus.get(LEAVE).status_code == 404

    olivia = signed_in("olivia")
    assert "You are the only owner" in olivia.get(LEAVE).text
    csrf = {"X-CSRFToken": olivia.cookies["csrftoken"]}
    assert olivia.post(LEAVE, headers=csrf).status_code == 400


def test_the_file_has_docker_hubs_columns_and_runs_in_no_spreadsheet(
    signed_in: SignedIn, acme: Organization
) -> None:
    add_member(STAFF, acme, named_user("gus"), teams=["owners"])
    User.objects.filter(username="mel").update(first_name='=HYPERLINK("http://x")', last_name="")
    answer = signed_in("olivia").get("/orgs/acme/members.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'attachment; filename="acme-members-2' in answer.headers["content-disposition"]
    head, *rows = csv.reader(io.StringIO(answer.text))
    assert head == ["Name", "Username", "Email", "Type", "Role", "Teams", "Date Joined"]
    shown = [row[:6] for row in rows]
    assert shown == [
        ["Gus García", "gus", "gus@example.com", "User", "Owner", "owners"],
        ['\'=HYPERLINK("http://x")', "mel", "mel@example.com", "User", "Member", ""],
        ["Olivia Okafor", "olivia", "olivia@example.com", "User", "Owner", "owners"],
    ]
