"""On which workers an organization's newest rules are in force, by what the workers report."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection
from django.db.models import DurationField, ExpressionWrapper, F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from orgs.models import Organization
from permissions.change_models import Change
from permissions.queries import policy_of
from permissions.snapshots.changes import MOST_CHANGES, had_at, oldest_missing
from permissions.snapshots.memory import one_moment, where_the_database_is
from permissions.snapshots.reports import COUNTED_SECONDS
from permissions.worker_models import WorkerReport


@dataclass(frozen=True, slots=True)
class Worker:
    """One process, and the version of the organization's rules that it decides from: None where
    that can't be told, as it hasn't looked since the database was started again."""

    host: str
    pid: int
    policy_version: int | None
    in_force: bool
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Propagation:
    """The version that is saved, and how far each worker is."""

    policy_version: int
    workers: tuple[Worker, ...]

    @property
    def waiting_for(self) -> tuple[Worker, ...]:
        """The workers that haven't got it yet."""
        return tuple(worker for worker in self.workers if not worker.in_force)

    @property
    def workers_in_force(self) -> int:
        """How many workers have it."""
        return len(self.workers) - len(self.waiting_for)

    @property
    def in_force_everywhere(self) -> bool:
        """Whether there are workers, and all have it."""
        return bool(self.workers) and not self.waiting_for


class _Missed(NamedTuple):
    """A change, by what tells who has it, and for how long it has been written."""

    number: int
    version: int | None
    age: timedelta


def propagation_of(organization: Organization) -> Propagation:
    """Where an organization's newest rules are in force."""
    with one_moment():
        saved = policy_of(organization).version
        reports, server = live_reports(), where_the_database_is().server
        made = _changes_after(
            Change._default_manager.filter(organization_id=organization.pk), reports
        )
    return Propagation(saved, tuple(_worker(one, server, made, saved) for one in reports))


def lags() -> list[tuple[WorkerReport, float]]:
    """Each worker, and for how many seconds the first change has been written that it hasn't got
    (0: it has them all); or since when it hasn't looked, if the database was started again."""
    with one_moment():
        reports, server = live_reports(), where_the_database_is().server
        made = _changes_after(Change._default_manager.all(), reports)
    return [(one, _lag(one, server, made)) for one in reports]


def live_reports() -> list[WorkerReport]:
    """What the workers last said that may decide, by host and process id."""
    since = Now() - timedelta(seconds=COUNTED_SECONDS)
    return list(WorkerReport._default_manager.filter(seen_at__gt=since))


def _changes_after(changes: QuerySet[Change], reports: Iterable[WorkerReport]) -> list[_Missed]:
    """Those of the changes that one of the workers may not have, the oldest first."""
    number = "transaction" if connection.vendor == "postgresql" else "pk"
    first = min((oldest_missing(one.token) for one in reports), default=0)
    age = ExpressionWrapper(Now() - F("at"), output_field=DurationField())
    rows = changes.filter(**{f"{number}__gte": first}).annotate(age=age).order_by("pk")
    return [_Missed(*row) for row in rows.values_list(number, "version", "age")[:MOST_CHANGES]]


def _worker(report: WorkerReport, server: str, made: list[_Missed], saved: int) -> Worker:
    has = had_at(report.token)
    missing = [change for change in made if not has(change.number)]
    # Each change raises the version by one, and they are made one after the other.
    versions = [change.version - 1 for change in missing if change.version is not None]
    version = min(versions, default=saved)
    looked = report.server == server
    return Worker(
        host=report.host,
        pid=report.pid,
        policy_version=(version or None) if looked else None,
        in_force=looked and not missing,
        seen_at=report.seen_at,
    )


def _lag(report: WorkerReport, server: str, made: list[_Missed]) -> float:
    if report.server != server:
        return (timezone.now() - report.seen_at).total_seconds()
    has = had_at(report.token)
    ages = [change.age.total_seconds() for change in made if not has(change.number)]
    return max(ages, default=0.0)
