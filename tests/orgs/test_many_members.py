"""The pages of an organization with twenty thousand members: as few queries as with three."""

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_scopes import scope

from orgs.actor import Actor
from orgs.member_operations import add_to_team
from orgs.models import Membership, Organization, Team, TeamMembership, User
from orgs.team_operations import create_team

pytestmark = pytest.mark.django_db
MANY = 20_000
MEMBERS = "/orgs/acme/members/"
SignedIn = Callable[[str], httpx.Client]
PAGES = (
    MEMBERS,
    f"{MEMBERS}?page=800",
    f"{MEMBERS}?order=joined&page=400",
    f"{MEMBERS}?order=unseen&page=400",
    f"{MEMBERS}?words=o",
    f"{MEMBERS}?words=e+m&role=member&team=research&order=seen",
    "/orgs/acme/teams/",
    "/orgs/acme/teams/research/?page=200",
    f"{MEMBERS}person-17777/",
)


def crowd(organization: Organization, team: Team) -> None:
    """Fill an organization; every other member is in the team."""
    now = timezone.now()
    people = User.objects.bulk_create(
        User(
            username=f"person-{number:05}",
            email=f"person-{number:05}@example.com",
            first_name="Ada",
            last_name=f"Lovelace {number}",
            last_seen_at=now - timedelta(minutes=number) if number % 3 else None,
        )
        for number in range(MANY)
    )
    memberships = Membership.objects.bulk_create(
        Membership(organization=organization, user=user) for user in people
    )
    TeamMembership.objects.bulk_create(
        TeamMembership(organization=organization, team=team, membership=membership)
        for membership in memberships[::2]
    )


def queries(client: httpx.Client, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def test_pages_take_as_many_queries_whatever_the_number(
    signed_in: SignedIn, acme: Organization
) -> None:
    team = create_team(Actor.site_staff(), acme, "research")
    add_to_team(Actor.site_staff(), acme, "research", ["mel"])
    olivia = signed_in("olivia")
    olivia.get(MEMBERS)  # notes that she has been seen
    few = {path: queries(olivia, path.replace("person-17777", "mel")) for path in PAGES}
    with scope(organization=acme):
        crowd(acme, team)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    assert {path: queries(olivia, path) for path in PAGES} == few
    assert max(few.values()) <= 9


def test_the_file_of_many_is_read_in_pieces(signed_in: SignedIn, acme: Organization) -> None:
    team = create_team(Actor.site_staff(), acme, "research")
    with scope(organization=acme):
        crowd(acme, team)
    olivia = signed_in("olivia")
    with CaptureQueriesContext(connection) as captured:
        answer = olivia.get("/orgs/acme/members.csv")
    assert len(answer.text.splitlines()) == 1 + 3 + MANY
    # Two for each thousand: the members and their teams.
    assert len(captured) < 2 * MANY // 1_000 + 10
