"""Syncing the catalogue with its feed: read whole, then replace, hold or fail."""

from dataclasses import asdict
from datetime import timedelta

import structlog
from django.conf import settings

from orgs.actor import Actor, Invalid
from permissions.catalog_fetch import Limits, Unreadable, Validator
from permissions.catalog_models import CatalogSync
from permissions.catalog_operations import begin_sync, confirm_sync, fail_sync, finish_sync
from permissions.catalog_queries import confirmed_sync
from permissions.catalog_source import Read, Source, SourceFormat, Validators, read_source

log = structlog.get_logger(__name__)

BEAT = Actor("catalogue sync", None, None)
"""Who replaces the catalogue on a schedule."""


def configured_source() -> Source | None:
    """The feed of this site, or None: then the catalogue is replaced by hand only."""
    if not settings.CATALOG_URLS:
        return None
    return Source(SourceFormat(settings.CATALOG_FORMAT), tuple(settings.CATALOG_URLS))


def sync_catalog(
    actor: Actor, source: Source, *, force: bool = False, limits: Limits | None = None
) -> CatalogSync:
    """Replace the catalogue by the feed's, and return how that ended, which is logged as well.

    With `force`, also when the feed has lost much. Raises `Invalid` if another sync runs.
    """
    limits = limits or Limits()
    known = confirmed_sync()
    sync = begin_sync(actor, str(source)[:500], timedelta(seconds=2 * limits.run))
    try:
        read = read_source(source, _validators(known), limits)
        ended = _finish(actor, sync, read, known, force=force)
    except (Unreadable, Invalid) as error:
        ended = fail_sync(sync, str(error))
    except BaseException:
        fail_sync(sync, "The sync ended unexpectedly.")
        raise
    _log(ended)
    return ended


def _finish(
    actor: Actor, sync: CatalogSync, read: Read | None, known: CatalogSync | None, *, force: bool
) -> CatalogSync:
    if read is not None:
        validators = {key: asdict(value) for key, value in read.validators.items()}
        return finish_sync(actor, sync, read.catalog, validators, force=force)
    assert known is not None
    return confirm_sync(actor, sync, known)


def _validators(known: CatalogSync | None) -> Validators:
    stored = known.validators if known else {}
    return {key: Validator(**value) for key, value in stored.items()}


def _log(sync: CatalogSync) -> None:
    wrong = sync.outcome in (CatalogSync.Outcome.FAILED, CatalogSync.Outcome.HELD)
    write = log.warning if wrong else log.info
    write(
        "catalog_synced",
        outcome=sync.outcome,
        sync=sync.pk,
        sentence=sync.sentence,
        source=sync.source,
        added=sync.added,
        removed=sync.removed,
        changed=sync.changed,
    )
