"""What a look into a log gives: one page of lines, and from where to look on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Generic, TypeVar

from django.db.models import Model

ROWS_AT_ONCE = 1_000

Entry = TypeVar("Entry", bound=Model)


@dataclass(frozen=True, slots=True)
class Found(Generic[Entry]):
    """Lines, newest first.

    `older` is the number before which to look on, None where there is nothing more. A look goes
    back only so far, so that it ends soon however long the log is: `older` may be given with a
    page that isn't full, or is empty.
    """

    entries: list[Entry]
    older: int | None


def all_found(look: Callable[[int | None, int], Found[Entry]], most: int) -> Iterator[Entry]:
    """Up to `most` lines, looked for page by page; `look` takes where to go on, and how many."""
    before: int | None = None
    while most > 0:
        found = look(before, min(most, ROWS_AT_ONCE))
        yield from found.entries
        most -= len(found.entries)
        before = found.older
        if before is None:
            return


def beginning_of(day: date) -> datetime:
    """When a day begins, in UTC as everywhere in the logs."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def end_of(day: date) -> datetime:
    """When a day is over."""
    return beginning_of(day) + timedelta(days=1)
