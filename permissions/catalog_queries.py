"""Reading about the catalogue: what it lists, where it came from, how old it is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from permissions.catalog_models import CatalogSync
from permissions.core.reference import HUB
from permissions.models import CatalogEntry

CONFIRMED = (CatalogSync.Outcome.REPLACED, CatalogSync.Outcome.UNCHANGED)


@dataclass(frozen=True, slots=True)
class CatalogState:
    """What people and dashboards want to know about the stored catalogue.

    `last` is the newest try to renew it, which may have failed or wait for a person.
    """

    official_images: int
    verified_publishers: int
    source: str
    as_of: datetime | None
    last: CatalogSync | None

    @property
    def entries(self) -> int:
        return self.official_images + self.verified_publishers


def catalog_state() -> CatalogState:
    """The stored catalogue in numbers."""
    kinds = list(CatalogEntry.objects.order_by().values_list("kind", flat=True))
    confirmed = confirmed_sync()
    ended = CatalogSync.objects.exclude(outcome=CatalogSync.Outcome.RUNNING)
    return CatalogState(
        official_images=kinds.count(CatalogEntry.Kind.OFFICIAL),
        verified_publishers=kinds.count(CatalogEntry.Kind.VERIFIED_PUBLISHER),
        source=confirmed.source if confirmed else "",
        as_of=confirmed.as_of if confirmed else None,
        last=ended.defer("held_entries", "validators").order_by("-finished_at", "-pk").first(),
    )


def confirmed_sync() -> CatalogSync | None:
    """The sync, or replacement by hand, that says what the stored catalogue is."""
    confirmed = CatalogSync.objects.filter(outcome__in=CONFIRMED)
    # A held one that is accepted later is newer than those that finished between.
    return confirmed.defer("held_entries").order_by("-finished_at", "-pk").first()


def catalog_entries(*, kind: str = "", text: str = "") -> QuerySet[CatalogEntry]:
    """What the catalogue lists, by path: of one kind, with a text in path or title."""
    entries = CatalogEntry.objects.all()
    if kind in CatalogEntry.Kind.values:
        entries = entries.filter(kind=kind)
    if text:
        entries = entries.filter(Q(path__icontains=text) | Q(title__icontains=text))
    return entries


def publishers_of(repositories: Iterable[str]) -> dict[str, str]:
    """The verified publishers' entries under which repositories fall today, by repository."""
    paths = {name: name.removeprefix(f"{HUB}/") for name in repositories}
    falling_under = {name: _entries_over(path) for name, path in paths.items()}
    listed = set(
        CatalogEntry.objects.filter(
            kind=CatalogEntry.Kind.VERIFIED_PUBLISHER,
            path__in={path for entries in falling_under.values() for path in entries},
        ).values_list("path", flat=True)
    )
    found = {
        name: next((path for path in entries if path in listed), "")
        for name, entries in falling_under.items()
    }
    return {name: path for name, path in found.items() if path}


def _entries_over(path: str) -> tuple[str, str]:
    """The entries that a path on Docker Hub can fall under, the narrowest first."""
    namespace, _, rest = path.partition("/")
    return f"{namespace}/{rest.partition('/')[0]}", namespace
