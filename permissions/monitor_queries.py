"""What monitoring has recorded: pulls that would have been refused."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, QuerySet, Sum

from audit.models import DailyPulls
from audit.pull_queries import daily_pulls_of
from orgs.models import Organization

DAYS = 30
SHOWN = 10


@dataclass(frozen=True, slots=True)
class MonitoredRepository:
    repository: str
    category: str
    rule: str
    pulls: int
    subject_count: int


@dataclass(frozen=True, slots=True)
class Day:
    """One day's pulls that would have been refused; `height` of the highest day is 100."""

    date: date
    pulls: int
    height: int


@dataclass(frozen=True, slots=True)
class Monitored:
    """What would have been refused in the last 30 days, most pulled first, and day by day."""

    pulls: int
    subject_count: int
    repository_count: int
    repositories: tuple[MonitoredRepository, ...]
    days: tuple[Day, ...]


def monitored(organization: Organization, today: date) -> Monitored:
    """What monitoring found in an organization: from the daily counts, in three queries."""
    found = _recorded(organization, today - timedelta(days=DAYS - 1))
    groups = (
        found.values("repository", "category", "would_have")
        .annotate(pulls=Sum("count"), subjects=Count("subject_id", distinct=True))
        .order_by("-pulls", "repository")
    )
    in_all = found.aggregate(
        pulls=Sum("count", default=0),
        subjects=Count("subject_id", distinct=True),
        repositories=Count("repository", distinct=True),
    )
    return Monitored(
        pulls=in_all["pulls"],
        subject_count=in_all["subjects"],
        repository_count=in_all["repositories"],
        repositories=tuple(
            MonitoredRepository(
                row["repository"], row["category"], row["would_have"], row["pulls"], row["subjects"]
            )
            for row in groups[:SHOWN]
        ),
        days=_days(found, today),
    )


def _recorded(organization: Organization, since: date) -> QuerySet[DailyPulls]:
    return daily_pulls_of(organization.pk, since).filter(action="pull").exclude(would_have="")


def _days(found: QuerySet[DailyPulls], today: date) -> tuple[Day, ...]:
    counts = dict(found.values("date").annotate(pulls=Sum("count")).values_list("date", "pulls"))
    highest = max(counts.values(), default=1)
    days = [today - timedelta(days=ago) for ago in reversed(range(DAYS))]
    return tuple(
        Day(day, counts.get(day, 0), round(100 * counts.get(day, 0) / highest)) for day in days
    )
