"""Background work about the logs."""

from datetime import datetime, timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from audit import pull_sums
from audit.models import DailyPulls, PullLogEntry

CHUNK = 5_000
DAILY_PULLS_KEPT = timedelta(days=400)


@shared_task
def clear_old_pulls() -> int:
    """Delete what is older than is kept, in small transactions; returns how many entries."""
    now = timezone.now()
    days = DailyPulls.objects.filter(date__lt=(now - DAILY_PULLS_KEPT).date())
    while chunk := list(days.values_list("pk", flat=True)[:CHUNK]):
        DailyPulls.objects.filter(pk__in=chunk).delete()
    deleted = 0
    while old := _old_entries(now - timedelta(days=settings.PULL_LOG_DAYS)):
        deleted += PullLogEntry.objects.filter(pk__in=old).delete()[0]
    return deleted


@shared_task
def pack_pulls() -> int:
    """Add up the last days' pulls of organizations that pull much; returns of how many."""
    return pull_sums.pack_pulls(timezone.now().date())


def _old_entries(kept_from: datetime) -> list[int]:
    """Some of the first to arrive that are too old: by number, which needs no index on time."""
    first = PullLogEntry.objects.order_by("pk").values_list("pk", "at")[:CHUNK]
    return [pk for pk, at in first if at < kept_from]
