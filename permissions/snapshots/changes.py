"""Looking at what was changed since some position, on whatever connection.

On PostgreSQL a position is a snapshot of which transactions have ended: rows of a transaction that
commits late are found whatever numbers they have. On SQLite, where one writes at a time, the number
of the last row is enough.
"""

from collections.abc import Callable
from typing import Any, Protocol

from permissions.snapshots.store import Position, Seen, clock
from permissions.triggers import CHANGES

MOST_CHANGES = 5_000
"""More than these are not told apart: everything is forgotten."""

# In seconds, as the text of a time depends on the time zone of who asks.
_SERVER = "extract(epoch FROM pg_postmaster_start_time())::text"
# One statement sees one state: the position is that of the rows beside it.
_ON_POSTGRESQL = f"""
SELECT looked.position::text, {_SERVER}, change.keys,
    extract(epoch FROM clock_timestamp() - change.at)::float
FROM (SELECT pg_current_snapshot() AS position) AS looked
LEFT JOIN {CHANGES} AS change
    ON change.transaction >= %(from)s
    AND NOT pg_visible_in_snapshot(change.transaction::text::xid8, %(since)s::pg_snapshot)
LIMIT {MOST_CHANGES + 1}
"""  # noqa: S608
_POSITION_ON_POSTGRESQL = f"SELECT pg_current_snapshot()::text, {_SERVER}, NULL, NULL"
_ON_SQLITE = f"""
SELECT id, keys, (julianday('now') - julianday(at)) * 86400
FROM {CHANGES} WHERE id > %s ORDER BY id LIMIT {MOST_CHANGES + 1}
"""  # noqa: S608
_POSITION_ON_SQLITE = f"SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = '{CHANGES}'"  # noqa: S608
_SQLITE = "sqlite"


class Cursor(Protocol):
    """What Django's cursors and psycopg's have in common."""

    def execute(self, query: Any, params: Any = None) -> Any: ...
    def fetchall(self) -> list[Any]: ...


def look(cursor: Cursor, vendor: str, since: Position | None) -> Seen:
    """What has changed since a position; from None on, only where we are, as what happened before
    can't be told. Whoever knows facts from an earlier position has then to forget them all."""
    at = clock()
    if vendor == "postgresql":
        return _look_at_postgresql(cursor, since, at)
    return _look_at_sqlite(cursor, since, at)


def _look_at_postgresql(cursor: Cursor, since: Position | None, at: float) -> Seen:
    if since is None:
        cursor.execute(_POSITION_ON_POSTGRESQL)
    else:
        first = oldest_missing(since.token)
        cursor.execute(_ON_POSTGRESQL, {"from": first, "since": since.token})
    rows = cursor.fetchall()
    token, server, *_ = rows[0]
    tags = None if since is None else _tags([row[2] for row in rows])
    return Seen(Position(_ended(token), token, server), tags, at, _latest([row[3] for row in rows]))


def _look_at_sqlite(cursor: Cursor, since: Position | None, at: float) -> Seen:
    if since is None:
        cursor.execute(_POSITION_ON_SQLITE)
        [(last,)] = cursor.fetchall()
        return Seen(Position(last, str(last), _SQLITE), None, at)
    cursor.execute(_ON_SQLITE, (since.order,))
    rows = cursor.fetchall()
    last = rows[-1][0] if rows else since.order
    position = Position(last, str(last), _SQLITE)
    return Seen(position, _tags([row[1] for row in rows]), at, _latest([row[2] for row in rows]))


def had_at(token: str) -> Callable[[int], bool]:
    """Whether a change was among those taken in, for whoever was at the position with this token.

    Asked by the change's transaction on PostgreSQL, where the token is a snapshot, and by its
    number on SQLite.
    """
    if ":" not in token:
        last = int(token)
        return lambda number: number <= last
    begin, end, listed = token.split(":")
    oldest, next_one = int(begin), int(end)
    still_open = {int(number) for number in listed.split(",") if number}
    return lambda number: number < oldest or (number < next_one and number not in still_open)


def oldest_missing(token: str) -> int:
    """The first transaction (on SQLite: number) that somebody with this token may not have."""
    return int(token.partition(":")[0]) if ":" in token else int(token) + 1


def _ended(snapshot: str) -> int:
    """How many transactions have ended in a snapshot: the greater, the later it was taken.

    `xmin:xmax:open,…`: all before xmax have ended but those that are listed.
    """
    _, end, open_ones = snapshot.split(":")
    return int(end) - (open_ones.count(",") + 1 if open_ones else 0)


def _latest(ages: list[float | None]) -> float | None:
    return max((age for age in ages if age is not None), default=None)


def _tags(keys: list[str | None]) -> frozenset[str] | None:
    if len(keys) > MOST_CHANGES:
        return None
    return frozenset(tag for text in keys if text for tag in text.split())
