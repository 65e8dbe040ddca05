"""The pulls of the last days, as bars."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from django.core.cache import cache

from audit.pull_queries import daily_series

DAYS = 14
KEPT = 3_600
"""For how many seconds past days are remembered: they change only by lines that come late."""

# The drawing's own units; the page makes it as wide as there is room.
BAR, GAP, HEIGHT = 28, 12, 110


@dataclass(frozen=True, slots=True)
class Bar:
    """One day, in the drawing and in numbers."""

    day: date
    allowed: int
    refused: int
    x: int
    allowed_y: float
    allowed_height: float
    refused_y: float
    refused_height: float


@dataclass(frozen=True)
class Chart:
    """Days in order, today last."""

    counts: Mapping[date, Mapping[bool, int]]
    today: date

    @cached_property
    def days(self) -> list[date]:
        return [self.today - timedelta(days=ago) for ago in reversed(range(DAYS))]

    @cached_property
    def bars(self) -> list[Bar]:
        return [self._bar(day, number * (BAR + GAP)) for number, day in enumerate(self.days)]

    @property
    def width(self) -> int:
        return DAYS * (BAR + GAP) - GAP

    @property
    def height(self) -> int:
        return HEIGHT

    @property
    def bar_width(self) -> int:
        return BAR

    @cached_property
    def allowed(self) -> int:
        return sum(self._of(day, True) for day in self.days)

    @cached_property
    def refused(self) -> int:
        return sum(self._of(day, False) for day in self.days)

    @cached_property
    def most(self) -> int:
        return max(self._of(day, True) + self._of(day, False) for day in self.days)

    def _of(self, day: date, allowed: bool) -> int:
        return self.counts.get(day, {}).get(allowed, 0)

    def _bar(self, day: date, x: int) -> Bar:
        allowed, refused = self._of(day, True), self._of(day, False)
        scale = HEIGHT / self.most if self.most else 0
        allowed_height, refused_height = round(allowed * scale, 1), round(refused * scale, 1)
        return Bar(
            day,
            allowed,
            refused,
            x,
            round(HEIGHT - allowed_height, 1),
            allowed_height,
            round(HEIGHT - allowed_height - refused_height, 1),
            refused_height,
        )


def pulls_by_day(organization_id: int, today: date) -> Chart:
    """The pulls that an organization decided on the last days (UTC)."""
    key = f"pulls-by-day:{organization_id}:{today}"
    past = cache.get(key)
    if past is None:
        series = daily_series(organization_id, today - timedelta(days=DAYS - 1))
        cache.set(key, {day: counts for day, counts in series.items() if day != today}, KEPT)
        return Chart(series, today)
    return Chart({**past, **daily_series(organization_id, today)}, today)
