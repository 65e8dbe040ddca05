"""What a page asks of the database: little, and no more when there is more to show."""

from collections.abc import Callable

import httpx
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_scopes import scope

from audit.record import record
from orgs.actor import Actor
from orgs.models import (
    Membership,
    Organization,
    Team,
    TeamMembership,
    User,
)
from orgs.token_operations import create_organization_token, create_personal_token
from permissions.models import ConnectedRegistry, Namespace
from tests.browser.pages import NOT_FOUND, PAGES
from tests.conftest import named_user

pytestmark = pytest.mark.django_db
MOST = 24
STAFF = Actor.site_staff()
SignedIn = Callable[[str], httpx.Client]


def grow(organization: Organization, mark: str, number: int) -> None:
    """So many more of all that an organization has."""
    with scope(organization=organization):
        owner = named_user("olivia")
        teams = Team.objects.bulk_create(
            Team(organization=organization, name=f"{mark}-team-{n}", can_push=True)
            for n in range(number)
        )
        users = User.objects.bulk_create(
            User(username=f"{mark}-{n}", email=f"{mark}-{n}@example.com") for n in range(number)
        )
        memberships = Membership.objects.bulk_create(
            Membership(organization=organization, user=user) for user in users
        )
        owners = Team.objects.get(is_owners=True)
        TeamMembership.objects.bulk_create(
            TeamMembership(organization=organization, team=team, membership=membership)
            for membership in memberships
            for team in (teams[0], owners)
        )
        registries = ConnectedRegistry.objects.bulk_create(
            ConnectedRegistry(
                organization=organization, service=f"{mark}-reg-{n}", host=f"{mark}-{n}.example"
            )
            for n in range(number)
        )
        Namespace.objects.bulk_create(
            Namespace(organization=organization, registry=registry, path="apps")
            for registry in registries
        )
        for n in range(number):
            create_organization_token(STAFF, organization, label=f"{mark} {n}", scope="repo:read")
            create_personal_token(STAFF, owner, label=f"{mark} {n}", scope="repo:read")
            record(
                organization_id=organization.pk,
                actor="olivia",
                address="198.51.100.1",
                action="team.created",
                target=f"{mark}-team-{n}",
            )


def measured(client: httpx.Client, paths: list[str]) -> dict[str, int]:
    counted = {}
    for path in paths:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = client.get(path)
        assert answer.status_code < 500
        counted[path] = len(queries)
    return counted


@pytest.mark.parametrize("person", [person for person in PAGES if person])
def test_pages_ask_little_however_much_there_is(
    signed_in: SignedIn, acme: Organization, person: str
) -> None:
    paths = [path for path in PAGES[person] if path != NOT_FOUND]
    grow(acme, "few", 2)
    client = signed_in(person)
    measured(client, paths)  # what is remembered from then on
    few = measured(client, paths)
    assert {path: count for path, count in few.items() if count > MOST} == {}
    grow(acme, "many", 40)
    many = measured(client, paths)
    assert {path: (few[path], many[path]) for path in paths if many[path] > few[path]} == {}
