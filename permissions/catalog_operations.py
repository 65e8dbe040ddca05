"""Replacing the catalogue, as a whole or not at all (C3), and what a sync of it ends with."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from orgs.actor import Actor, Invalid
from orgs.transactions import record_change, require_site_staff
from permissions.catalog_models import CatalogSync
from permissions.catalog_queries import confirmed_sync
from permissions.core.catalog import Catalog, CatalogKind
from permissions.core.catalog import CatalogEntry as Entry
from permissions.models import CatalogEntry
from permissions.versions import bump_site, lock_site

LOST_WITHOUT_ASKING = 1 / 5
"""The part of its entries, all or of one kind, that a feed may lose before a person must look."""

Outcome = CatalogSync.Outcome


class AlreadySyncing(Invalid):
    """Another sync of the catalogue is under way."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What replacing the stored catalogue by another changes."""

    added: tuple[Entry, ...]
    removed: tuple[Entry, ...]
    changed: tuple[Entry, ...]
    before: tuple[Entry, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)

    def loses_much(self) -> bool:
        """Whether more than a fifth of all entries, or of one kind's, would go."""
        had, lost = _kinds(self.before), _kinds(self.removed)
        pairs = [(lost.total(), had.total()), *((lost[kind], had[kind]) for kind in CatalogKind)]
        return any(gone > all_ * LOST_WITHOUT_ASKING for gone, all_ in pairs)

    def counts(self) -> dict[str, int]:
        return {
            "added": len(self.added),
            "removed": len(self.removed),
            "changed": len(self.changed),
        }

    def __str__(self) -> str:
        return ", ".join(f"{count} {what}" for what, count in self.counts().items())


@transaction.atomic
def replace_catalog(
    actor: Actor, catalog: Catalog, *, source: str = "by hand", dated: date | None = None
) -> CatalogSync:
    """Make the stored catalogue exactly this one, whose entries have been checked already.

    Returns the record of it. The same catalogue again changes nothing but that record.
    """
    require_site_staff(actor, "replace the catalogue")
    now = timezone.now()
    lock_site()
    sync = CatalogSync(source=source, started_at=now)
    day = datetime.combine(dated, time(), UTC) if dated else now
    _apply(actor, sync, catalog, as_of=min(day, now))
    return sync


def begin_sync(actor: Actor, source: str, longest: timedelta) -> CatalogSync:
    """Note that a sync has begun: one at a time. Raises `AlreadySyncing`.

    One that has run for `longest` and said nothing has died with its process.
    """
    require_site_staff(actor, "sync the catalogue")
    now = timezone.now()
    CatalogSync.objects.filter(outcome=Outcome.RUNNING, started_at__lt=now - longest).update(
        outcome=Outcome.FAILED, finished_at=now, sentence="The sync was broken off by a restart."
    )
    try:
        with transaction.atomic():
            return CatalogSync.objects.create(source=source, started_at=now)
    except IntegrityError as error:
        raise AlreadySyncing("The catalogue is being synced already.") from error


@transaction.atomic
def finish_sync(
    actor: Actor,
    sync: CatalogSync,
    catalog: Catalog,
    validators: Mapping[str, Mapping[str, str]],
    *,
    force: bool = False,
) -> CatalogSync:
    """Replace the catalogue by what a sync has read, or hold that for a person.

    Raises `Invalid` if the sync was given up meanwhile.
    """
    require_site_staff(actor, "sync the catalogue")
    lock_site()
    sync = _running(sync)
    difference = _difference(catalog)
    if difference.loses_much() and not force:
        _hold(sync, catalog, difference)
        return sync
    sync.validators = {key: dict(validator) for key, validator in validators.items()}
    _apply(actor, sync, catalog, as_of=timezone.now())
    return sync


@transaction.atomic
def confirm_sync(actor: Actor, sync: CatalogSync, known: CatalogSync) -> CatalogSync:
    """Note that the feed has nothing newer than what the sync `known` has read.

    Raises `Invalid` if the stored catalogue is from elsewhere by now.
    """
    require_site_staff(actor, "sync the catalogue")
    lock_site()
    sync = _running(sync)
    if confirmed_sync() != known:
        raise Invalid("The catalogue was replaced by hand meanwhile. Sync it again.")
    sync.validators = known.validators
    _end(sync, Outcome.UNCHANGED, "The feed has not changed.", as_of=timezone.now())
    return sync


@transaction.atomic
def fail_sync(sync: CatalogSync, sentence: str) -> CatalogSync:
    """Note why a sync has failed. The catalogue stays as it was."""
    lock_site()
    sync = _running(sync)
    _end(sync, Outcome.FAILED, f"{sentence} The catalogue stays as it was.")
    return sync


@transaction.atomic
def accept_sync(actor: Actor, number: int) -> CatalogSync:
    """Replace the catalogue by what a sync has read and held for a person to look at.

    Raises `Invalid` if nothing is held under that number.
    """
    require_site_staff(actor, "replace the catalogue")
    lock_site()
    sync = CatalogSync.objects.select_for_update().filter(pk=number, outcome=Outcome.HELD).first()
    if sync is None or sync.held_entries is None:
        held = CatalogSync.objects.filter(outcome=Outcome.HELD).values_list("pk", flat=True).first()
        hint = f"Sync {held} is held." if held else "None is held."
        raise Invalid(f"Sync {number} is not held for anybody. {hint}")
    catalog = Catalog(
        tuple(Entry(**{**entry, "kind": CatalogKind(entry["kind"])}) for entry in sync.held_entries)
    )
    sync.held_entries = None
    _apply(actor, sync, catalog, as_of=sync.finished_at or timezone.now())
    return sync


def _running(sync: CatalogSync) -> CatalogSync:
    running = CatalogSync.objects.select_for_update().filter(pk=sync.pk, outcome=Outcome.RUNNING)
    found = running.first()
    if found is None:
        raise Invalid(f"Sync {sync.pk} took too long and was given up.")
    return found


def _hold(sync: CatalogSync, catalog: Catalog, difference: Difference) -> None:
    _supersede_held()
    sync.held_entries = [_fields(entry) for entry in catalog.entries]
    for field, count in difference.counts().items():
        setattr(sync, field, count)
    _end(
        sync,
        Outcome.HELD,
        f"The feed would lose more than a fifth of the {len(difference.before)} entries "
        f"({difference}), so it waits for a person: "
        f"manage.py sync_catalog --accept {sync.pk} applies it.",
    )


def _supersede_held() -> None:
    # It was compared with a catalogue that is not there any more, or that a source has confirmed.
    CatalogSync.objects.filter(outcome=Outcome.HELD).update(
        outcome=Outcome.SUPERSEDED, held_entries=None
    )


def _apply(actor: Actor, sync: CatalogSync, catalog: Catalog, *, as_of: datetime) -> None:
    difference = _difference(catalog)
    for field, count in difference.counts().items():
        setattr(sync, field, count)
    if not difference:
        _end(sync, Outcome.UNCHANGED, "The catalogue has not changed.", as_of=as_of)
        return
    _write(difference)
    record_change(
        actor,
        None,
        "catalog.replaced",
        sync.source[:300],
        before={"entries": len(difference.before)},
        after={"entries": len(catalog.entries), **difference.counts()},
    )
    bump_site()
    sentence = f"The catalogue has {len(catalog.entries)} entries: {difference}."
    _end(sync, Outcome.REPLACED, sentence, as_of=as_of)


def _end(sync: CatalogSync, outcome: str, sentence: str, *, as_of: datetime | None = None) -> None:
    if outcome in (Outcome.REPLACED, Outcome.UNCHANGED):
        _supersede_held()
    sync.outcome, sync.sentence, sync.as_of = outcome, sentence, as_of
    sync.finished_at = timezone.now()
    sync.save()


def _difference(catalog: Catalog) -> Difference:
    stored = {
        row.path: Entry(row.path, CatalogKind(row.kind), row.title, row.description)
        for row in CatalogEntry.objects.all()
    }
    wished = {entry.path: entry for entry in catalog.entries}
    return Difference(
        added=tuple(entry for path, entry in wished.items() if path not in stored),
        removed=tuple(entry for path, entry in stored.items() if path not in wished),
        changed=tuple(e for path, e in wished.items() if path in stored and stored[path] != e),
        before=tuple(stored.values()),
    )


def _write(difference: Difference) -> None:
    gone = [entry.path for entry in (*difference.removed, *difference.changed)]
    CatalogEntry.objects.filter(path__in=gone).delete()
    CatalogEntry.objects.bulk_create(
        (CatalogEntry(**_fields(entry)) for entry in (*difference.added, *difference.changed)),
        batch_size=500,
    )


def _fields(entry: Entry) -> dict[str, str]:
    return {
        "path": entry.path,
        "kind": entry.kind.value,
        "title": entry.title,
        "description": entry.description,
    }


def _kinds(entries: Iterable[Entry]) -> Counter[CatalogKind]:
    return Counter(entry.kind for entry in entries)
