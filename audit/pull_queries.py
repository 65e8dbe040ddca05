"""Reading the pull log. Every function starts from one organization's number."""

from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet, Sum

from audit.models import DailyPulls, PullLogEntry

USER = "user"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which pulls somebody wants to see; what is empty narrows nothing.

    `repository` is how its name begins; `before` is the number of an entry, whose elders are
    wanted.
    """

    allowed: bool | None = None
    subject: str = ""
    subject_kind: str = ""
    repository: str = ""
    before: int | None = None


EVERYTHING = Wanted()


def pulls_of(organization_id: int, wanted: Wanted = EVERYTHING) -> QuerySet[PullLogEntry]:
    """What an organization decided, newest first. Take a slice: there may be millions."""
    entries = PullLogEntry.objects.filter(organization_id=organization_id)
    if wanted.allowed is not None:
        entries = entries.filter(allowed=wanted.allowed)
    if wanted.subject:
        entries = entries.filter(subject_id=wanted.subject)
    if wanted.subject_kind:
        entries = entries.filter(subject_kind=wanted.subject_kind)
    if wanted.repository:
        entries = entries.filter(repository__startswith=wanted.repository)
    if wanted.before is not None:
        entries = entries.filter(pk__lt=wanted.before)
    return entries.order_by("-pk")


def refused_pulls_of(organization_id: int, username: str) -> QuerySet[PullLogEntry]:
    """What an organization refused one user, newest first."""
    return pulls_of(organization_id, Wanted(allowed=False, subject=username, subject_kind=USER))


def pull_of(organization_id: int, number: int) -> PullLogEntry | None:
    """One entry, if it is this organization's."""
    return PullLogEntry.objects.filter(organization_id=organization_id, pk=number).first()


def daily_pulls_of(organization_id: int, since: date) -> QuerySet[DailyPulls]:
    """An organization's counts from a day (UTC) on: to be filtered and summed further."""
    return DailyPulls.objects.filter(organization_id=organization_id, date__gte=since)


def daily_series(organization_id: int, since: date) -> dict[date, dict[bool, int]]:
    """How many pulls were allowed (True) and refused (False) on each day that had any."""
    series: dict[date, dict[bool, int]] = {}
    pulls = daily_pulls_of(organization_id, since).filter(action="pull")
    rows = pulls.values_list("date", "allowed").annotate(total=Sum("count")).order_by("date")
    for day, allowed, total in rows:
        series.setdefault(day, {True: 0, False: 0})[allowed] = total
    return series
