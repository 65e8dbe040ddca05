"""Reading the pull log. Every function starts from one organization's number."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.db.models import QuerySet, Sum

from audit.found import Found, beginning_of, end_of
from audit.models import DailyPulls, PullLogEntry

USER = "user"
MOST = 2**63 - 1
SEARCHED_AT_ONCE = 100_000
"""How many numbers of lines, of all organizations, a look goes through that no index helps."""
MOST_DISORDER = timedelta(hours=1)
"""How much later than others of its time a line may have arrived."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which pulls somebody wants to see; what is empty narrows nothing.

    `repository` is how its name begins; days are UTC's, both included; `before` is the number of
    an entry, whose elders are wanted.
    """

    allowed: bool | None = None
    subject: str = ""
    subject_kind: str = ""
    repository: str = ""
    rule: str = ""
    category: str = ""
    registry: str = ""
    since: date | None = None
    until: date | None = None
    before: int | None = None

    @property
    def unindexed(self) -> dict[str, str]:
        """What narrows without an index that helps to find it."""
        fields = {"rule": self.rule, "category": self.category, "registry": self.registry}
        return {field: value for field, value in fields.items() if value}


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
    return _between_days(entries.filter(**wanted.unindexed), organization_id, wanted).order_by(
        "-pk"
    )


def pulls_found(organization_id: int, wanted: Wanted, most: int) -> Found[PullLogEntry]:
    """A page of what an organization decided, newest first."""
    entries, start = pulls_of(organization_id, wanted), None
    if wanted.unindexed:
        start = _look_back_to(organization_id, wanted)
        entries = entries.filter(pk__gte=start or 0)
    found = list(entries[: most + 1])
    if len(found) > most:
        return Found(found[:most], found[most - 1].pk)
    return Found(found, start)


def _look_back_to(organization_id: int, wanted: Wanted) -> int | None:
    """The number at which one look ends, or None if it reaches the first line."""
    lines = pulls_of(organization_id, replace(wanted, rule="", category="", registry=""))
    newest = lines.values_list("pk", flat=True).first()
    if newest is None:
        return None
    start = newest - SEARCHED_AT_ONCE
    return start if lines.filter(pk__lt=start).exists() else None


def _between_days(
    entries: QuerySet[PullLogEntry], organization_id: int, wanted: Wanted
) -> QuerySet[PullLogEntry]:
    """Narrowed to days: by number first, as that is what the lines are found by."""
    of_time = PullLogEntry.objects.filter(organization_id=organization_id)
    if wanted.since:
        since = beginning_of(wanted.since)
        first = of_time.filter(at__gte=since - MOST_DISORDER).order_by("at")
        entries = entries.filter(at__gte=since, pk__gte=_number(first, MOST))
    if wanted.until:
        until = end_of(wanted.until)
        last = of_time.filter(at__lt=until + MOST_DISORDER).order_by("-at")
        entries = entries.filter(at__lt=until, pk__lte=_number(last, 0))
    return entries


def _number(entries: QuerySet[PullLogEntry], otherwise: int) -> int:
    number = entries.values_list("pk", flat=True).first()
    return otherwise if number is None else number


def refused_pulls_of(organization_id: int, username: str) -> QuerySet[PullLogEntry]:
    """What an organization refused one user, newest first."""
    return pulls_of(organization_id, Wanted(allowed=False, subject=username, subject_kind=USER))


def pull_of(organization_id: int, number: int) -> PullLogEntry | None:
    """One entry, if it is this organization's."""
    return PullLogEntry.objects.filter(organization_id=organization_id, pk=number).first()


def daily_pulls_of(organization_id: int, since: date) -> QuerySet[DailyPulls]:
    """An organization's counts from a day (UTC) on: to be filtered and summed further."""
    return DailyPulls.objects.filter(organization_id=organization_id, date__gte=since)


def pulls_by_own_rule(
    organization_id: int, since: date, own_rules: Collection[int]
) -> dict[int, int]:
    """How many pulls each of an organization's own rules decided, or would have while it only
    monitors, from a day (UTC) on. Rules that decided none are left out."""
    pulls = daily_pulls_of(organization_id, since).filter(
        action="pull", own_rule__gt=0, own_rule__in=own_rules
    )
    groups = pulls.values("own_rule").annotate(total=Sum("count"))
    return dict(groups.values_list("own_rule", "total"))


def daily_series(organization_id: int, since: date) -> dict[date, dict[bool, int]]:
    """How many pulls were allowed (True) and refused (False) on each day that had any."""
    series: dict[date, dict[bool, int]] = {}
    pulls = daily_pulls_of(organization_id, since).filter(action="pull")
    rows = pulls.values_list("date", "allowed").annotate(total=Sum("count")).order_by("date")
    for day, allowed, total in rows:
        series.setdefault(day, {True: 0, False: 0})[allowed] = total
    return series


def users_of_day(day: date) -> QuerySet[DailyPulls, str]:
    """The names of the users who asked for anything on a day (UTC), at any organization."""
    counts = DailyPulls.objects.filter(date=day, subject_kind=USER)
    return counts.values_list("subject_id", flat=True).distinct()
