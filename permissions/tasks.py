"""Background work about the rules."""

from celery import shared_task

from permissions.catalog_operations import AlreadySyncing
from permissions.catalog_sync import BEAT, configured_source, sync_catalog


@shared_task
def sync_catalog_with_feed() -> str:
    """Sync the catalogue with the site's feed, if it has one; returns how that ended."""
    source = configured_source()
    if source is None:
        return "no feed"
    try:
        return sync_catalog(BEAT, source).outcome
    except AlreadySyncing as error:
        return str(error)
