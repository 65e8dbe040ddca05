"""What was pulled in an organization, as the daily counts have it, and by whom as they are now."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet, Sum
from django_scopes import scope

from audit.models import DailyPulls
from audit.pull_queries import daily_pulls_of
from orgs.models import Membership, Organization
from permissions.core.catalog import Catalog, CatalogKind
from permissions.core.catalog import CatalogEntry as Entry
from permissions.core.facts import Standing, Subject
from permissions.core.impact import Pulled
from permissions.core.policy import RESTRICTIONS, SubjectKind
from permissions.models import CatalogEntry

REPORTED = "reported"
"""The rule of what registries report: each such pull was counted when it was decided."""

# Names that one query takes; SQLite refuses many more.
CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class Totals:
    """How often each repository was pulled, the most pulled first; `pulls` counts all of them,
    those too that the list has no room for."""

    repositories: dict[str, int]
    pulls: int

    @property
    def counted(self) -> int:
        return sum(self.repositories.values())


def pulled_repositories(organization: Organization, since: date, most: int) -> Totals:
    """What was pulled from a day on, at most so many repositories of it."""
    pulls = _pulls(organization, since)
    groups = pulls.values("repository").annotate(total=Sum("count")).order_by("-total")
    rows = list(groups.values_list("repository", "total")[: most + 1])
    repositories = dict(rows[:most])
    if len(rows) <= most:
        return Totals(repositories, sum(repositories.values()))
    return Totals(repositories, pulls.aggregate(total=Sum("count"))["total"])


def pulled_by(
    organization: Organization, since: date, repositories: Collection[str], most: int
) -> list[Pulled]:
    """Who pulled which of the repositories how often, the most frequent first; whatever else was
    refused because of restrictions too."""
    restricted = Q(allowed=False, rule__in=RESTRICTIONS)
    groups = (
        _pulls(organization, since)
        .filter(Q(repository__in=list(repositories)[:CHUNK]) | restricted)
        .values("subject_kind", "subject_id", "repository")
        .annotate(total=Sum("count"), refused=Sum("count", filter=restricted, default=0))
        .order_by("-total")
    )
    rows = list(
        groups.values_list("subject_kind", "subject_id", "repository", "total", "refused")[:most]
    )
    subjects = _subjects(organization, {(kind, name) for kind, name, *_ in rows})
    return [
        Pulled(subjects[kind, name], repository, total, refused)
        for kind, name, repository, total, refused in rows
    ]


def catalog_of(repositories: Iterable[str]) -> Catalog:
    """The part of the catalogue that can matter to repositories, by their folded names."""
    nearby = set()
    for repository in repositories:
        first, _, rest = repository.partition("/")[2].partition("/")
        nearby |= {first, f"{first}/{rest.partition('/')[0]}"}
    names = sorted(nearby)
    return Catalog(
        tuple(
            Entry(entry.path, CatalogKind(entry.kind), entry.title, entry.description)
            for chunk in _chunks(names)
            for entry in CatalogEntry.objects.filter(path__in=chunk)
        )
    )


def _pulls(organization: Organization, since: date) -> QuerySet[DailyPulls]:
    pulls = daily_pulls_of(organization.pk, since).filter(action="pull")
    return pulls.exclude(rule=REPORTED).exclude(repository="")


def _subjects(
    organization: Organization, names: Collection[tuple[str, str]]
) -> dict[tuple[str, str], Subject]:
    """Who they are in the organization now: a user with their teams, or a machine of its own."""
    users = _standings(organization, {name for kind, name in names if kind == SubjectKind.USER})
    machine = Standing(is_owner=False, can_push=False)
    found = {}
    for kind, name in names:
        standing = users.get(name) if kind == SubjectKind.USER else machine
        standings = {} if standing is None else {organization.name: standing}
        found[kind, name] = Subject(SubjectKind(kind), name, live=True, standings=standings)
    return found


def _standings(organization: Organization, usernames: Collection[str]) -> dict[str, Standing]:
    found: dict[str, Standing] = {}
    with scope(organization=organization):
        active = Membership.objects.filter(user__is_active=True)
        for chunk in _chunks(sorted(usernames)):
            rows = active.filter(user__username__in=chunk).values_list(
                "user__username", "teams__name", "teams__is_owners", "teams__can_push"
            )
            for name, team, is_owners, can_push in rows:
                known = found.get(name, Standing(is_owner=False, can_push=False))
                found[name] = Standing(
                    is_owner=known.is_owner or bool(is_owners),
                    can_push=known.can_push or bool(can_push),
                    teams=known.teams | {team} if team else known.teams,
                )
    return found


def _chunks(names: Sequence[str]) -> Iterable[Sequence[str]]:
    return (names[start : start + CHUNK] for start in range(0, len(names), CHUNK))
