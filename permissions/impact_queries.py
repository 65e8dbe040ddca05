"""What was pulled in an organization, as it was counted, and by whom as they are now."""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date

from django_scopes import scope

from audit.pull_sums import Numbers, pulls_since
from orgs.models import Membership, Organization
from permissions.core.catalog import Catalog, CatalogKind
from permissions.core.catalog import CatalogEntry as Entry
from permissions.core.facts import Standing
from permissions.core.impact import Pulled, Puller
from permissions.core.policy import RESTRICTIONS, SubjectKind
from permissions.models import CatalogEntry

REPORTED = "reported"
"""The rule of what registries report: each such pull was counted when it was decided."""

# Names that one query takes; SQLite refuses many more.
CHUNK = 5_000

_ORDINARY = Standing(is_owner=False, can_push=False)


@dataclass(frozen=True, slots=True)
class PulledSince:
    """What was pulled how often: in `pulled` by the numbers of those who did."""

    pullers: list[Puller]
    pulled: list[Pulled]

    @property
    def pulls(self) -> int:
        return sum(sum(one.counts.values()) for one in self.pulled)


def pulled_since(organization: Organization, since: date) -> PulledSince:
    """What was pulled from a day (UTC) on, and by whom, as they are in the organization now."""
    sums = pulls_since(organization.pk, since)
    counted = {number for (rule, _), number in sums.answers.items() if rule != REPORTED}
    restricted = {
        number
        for (rule, allowed), number in sums.answers.items()
        if rule in RESTRICTIONS and not allowed
    }
    pulled = [
        _pulled(repository, parts, counted, restricted)
        for repository, parts in sums.repositories.items()
    ]
    return PulledSince(
        list(_pullers(organization, sums.subjects)), [one for one in pulled if one.counts]
    )


def _pulled(
    repository: str,
    parts: Iterable[Numbers],
    counted: AbstractSet[int],
    restricted: AbstractSet[int],
) -> Pulled:
    """Add up how often each pulled a repository, and how often restrictions refused it."""
    pulls: dict[int, int] = {}
    refused: dict[int, int] = {}
    for who, answers, counts in parts:
        answered = set(answers)
        if not pulls and len(answered) == 1 and answered <= counted:
            # As for nearly all, in a fraction of the time.
            pulls = dict(zip(who, counts, strict=True))
            refused = dict(pulls) if answered <= restricted else {}
            if len(pulls) == len(who):
                continue
            pulls, refused = {}, {}
        for number, answer, count in zip(who, answers, counts, strict=True):
            if answer in counted:
                pulls[number] = pulls.get(number, 0) + count
            if answer in restricted:
                refused[number] = refused.get(number, 0) + count
    return Pulled(repository, pulls, refused)


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


def _pullers(organization: Organization, subjects: Iterable[str]) -> Iterator[Puller]:
    """Who they are in the organization now: a user with their teams, or a machine of its own."""
    users = _standings(organization)
    kinds = {kind.value: kind for kind in SubjectKind}
    for subject in subjects:
        word, _, name = subject.partition(" ")
        kind = kinds[word]
        yield Puller(kind, name, users.get(name) if kind is SubjectKind.USER else _ORDINARY)


def _standings(organization: Organization) -> dict[str, Standing]:
    """All active members. Those in no team, most of them, are read the quickest."""
    with scope(organization=organization):
        active = Membership.objects.filter(user__is_active=True)
        found = dict.fromkeys(active.values_list("user__username", flat=True), _ORDINARY)
        rows = active.filter(teams__isnull=False).values_list(
            "user__username", "teams__name", "teams__is_owners", "teams__can_push"
        )
        for name, team, is_owners, can_push in rows:
            known = found.get(name, _ORDINARY)
            found[name] = Standing(
                is_owner=known.is_owner or is_owners,
                can_push=known.can_push or can_push,
                teams=known.teams | {team},
            )
    return found


def _chunks(names: Sequence[str]) -> Iterable[Sequence[str]]:
    return (names[start : start + CHUNK] for start in range(0, len(names), CHUNK))
