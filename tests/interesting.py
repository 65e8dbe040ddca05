"""An organization in which much has happened: many people, long names, names from right to left.

For pictures of the pages, and for the tests that nothing runs out of its place. In a shell of
manage.py: `from tests.pulls import pull_with
from tests.interesting import fill; fill("acme", people=60)`.
"""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils import timezone
from django_scopes import scope

from audit.pull_log import Pull
from audit.pull_writer import write
from orgs.actor import Actor
from orgs.member_operations import add_member
from orgs.models import User
from orgs.operations import change_profile
from orgs.queries import organization_named
from orgs.team_operations import create_team
from orgs.token_operations import create_organization_token
from tests.pulls import pull_with

STAFF = Actor.site_staff()
NAMES = (
    ("amira", "أميرة عبد الرحمن"),
    ("noa", "נועה בן־דוד"),
    ("wolfeschlegelsteinhausenberger", "Hubert Blaine Wolfeschlegelsteinhausenbergerdorff Sr."),
    ("xiaoming", "王小明"),
    ("x-1", "Donaudampfschifffahrtsgesellschaftskapitän von und zu Hohenlohe-Schillingsfürst"),
    ("oneill", "Sam O'Neill"),
)
FIRST = ("Ada", "Bo", "Chen", "Dalia", "Emre", "Finn", "Grete", "Hana", "Ilya", "Jun")
LAST = ("Abel", "Baum", "Cruz", "Dube", "Endo", "Faye", "Gomez", "Haas", "Iqbal", "Jansen")
IMAGES = (
    ("docker.io/library/alpine", "official", "official_allowed", True),
    ("docker.io/library/postgres", "official", "official_allowed", True),
    ("docker.io/grafana/loki", "verified_publisher", "verified_publisher_allowed", True),
    ("docker.io/acme/app", "organization", "organization_image", True),
    ("docker.io/randomdev/tool", "community", "community_restricted", False),
    (f"ghcr.io/{'very-long-name/' * 8}image", "community", "community_restricted", False),
)
CLIENTS = ("docker/28.0.1 go/go1.23.6 os/linux arch/amd64", "containers/5.34")
TEAMS = (
    ("platform", "Whoever keeps the clusters running"),
    ("research-and-development-of-it", "A description that goes on and on, as some do. " * 4),
    ("hebrew", "הצוות שאחראי על כל מה שאחרים לא"),
)
LONG = "docker.io/acme/" + "platform-engineering/" * 6 + "image"


def fill(name: str, people: int = 60) -> None:
    """Let much happen in the organization of that name."""
    organization = organization_named(name)
    assert organization is not None
    dice = random.Random(7)
    members = _people(name, people)
    with scope(organization=organization):
        for user in members:
            add_member(STAFF, organization, user)
    for team, description in TEAMS:
        create_team(STAFF, organization, team, description=description, can_push=True)
        for user in dice.sample(members, min(8, len(members))):
            add_member(STAFF, organization, user, teams=[team])
    for label in ("Build server", "A label that goes on and on, as some people like them " * 2):
        create_organization_token(
            STAFF,
            organization,
            label=label[:100],
            scope="repo:write",
            repositories=["docker.io/acme/app", LONG],
            expires_at=timezone.now() + timedelta(days=80),
        )
    change_profile(
        STAFF,
        organization,
        display_name=organization.display_name,
        docker_organization=organization.docker_organization,
        email_domain="example.com",
    )
    usernames = [user.username for user in members]
    write(list(_pulls(name, usernames, dice)), lambda _: {name: organization.pk})


def _people(name: str, number: int) -> list[User]:
    named = [
        *NAMES,
        *((f"{name}-{n:03}", f"{FIRST[n % 10]} {LAST[n // 10 % 10]}") for n in range(number)),
    ]
    return User.objects.bulk_create(
        User(
            username=username,
            email=f"{username}@{'example.com' if n % 5 else 'elsewhere.example'}",
            first_name=full.partition(" ")[0],
            last_name=full.partition(" ")[2],
        )
        for n, (username, full) in enumerate(named)
    )


def _pulls(name: str, usernames: list[str], dice: random.Random) -> Iterator[Pull]:
    now: datetime = timezone.now()
    for ago in range(14, -1, -1):
        for _ in range(dice.randint(4, 40) if (now - timedelta(days=ago)).weekday() < 5 else 3):
            image, category, rule, allowed = dice.choice(IMAGES)
            yield pull_with(
                at=now - timedelta(days=ago, minutes=dice.randint(0, 600)),
                organization=name,
                subject_kind="user",
                subject_id=dice.choice(usernames),
                action="pull",
                image=f"{image}:1.{dice.randint(0, 30)}",
                repository=image,
                category=category,
                rule=rule,
                allowed=allowed,
                policy_version=3,
                protocol="token",
                registry="acme",
                client=dice.choice(
                    ("docker/28.0.1 go/go1.23.6 os/linux arch/amd64", "containers/5.34")
                ),
                address=f"198.51.100.{dice.randint(1, 250)}",
                request_id="",
            )
