"""Background work about the rules."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from permissions.catalog_operations import AlreadySyncing
from permissions.catalog_sync import BEAT, configured_source, sync_catalog
from permissions.change_models import Change

# A worker that has not looked for a minute forgets everything before it looks again.
CHANGES_KEPT = timedelta(days=1)


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


@shared_task
def clear_old_changes() -> int:
    """Delete changes that every worker has long heard of; returns how many."""
    deleted, _ = Change._default_manager.filter(at__lt=timezone.now() - CHANGES_KEPT).delete()
    return deleted
