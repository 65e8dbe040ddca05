"""What a worker tells the others of itself: up to where it has taken in what was changed.

It is for people to look at. A report that fails, or that the database delays, must cost no look:
it comes after those who wait for the look are told, and is given up soon.
"""

import os
import socket
from uuid import UUID, uuid4

from permissions.snapshots.changes import Cursor
from permissions.snapshots.store import LEASE_SECONDS, Position, Store, clock

REPORTS = "permissions_workerreport"
HEARTBEAT_SECONDS = 5.0
SHORTEST_INTERVAL = 0.1
"""Each report is a write. A rush of changes is reported together."""
LONGEST_MILLISECONDS = 100
COUNTED_SECONDS = LEASE_SECONDS + 2 * HEARTBEAT_SECONDS
"""A worker that was last heard of before this is gone, or has stopped deciding (P11): its last
successful look may have come a heartbeat after its last report."""

_NOW = {
    "postgresql": "clock_timestamp()",
    "sqlite": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now')",
}
_LONG_AGO = {
    "postgresql": f"clock_timestamp() - interval '{COUNTED_SECONDS} seconds'",
    "sqlite": f"strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', '-{COUNTED_SECONDS} seconds')",
}


class Reporter:
    """What one process has to report, and when it is time to."""

    def __init__(self) -> None:
        self.id = uuid4()
        self._host, self._pid = socket.gethostname(), os.getpid()
        self._reported_at = self._not_before = float("-inf")
        self._generation = -1  # before the first report

    def due_in(self, store: Store) -> float:
        """After how many seconds the store's position is to be reported."""
        news = store.generation != self._generation
        interval = SHORTEST_INTERVAL if news else HEARTBEAT_SECONDS
        return max(0.0, max(self._reported_at + interval, self._not_before) - clock())

    def report(self, cursor: Cursor, vendor: str, store: Store) -> None:
        """Write down where the store is. Who begins clears away what others have left."""
        generation, position = store.generation, store.position
        if position is None:
            return
        if self._generation < 0:
            cursor.execute(f"DELETE FROM {REPORTS} WHERE seen_at < {_LONG_AGO[vendor]}", [])  # noqa: S608
        self._write(cursor, vendor, position)
        self._generation, self._reported_at = generation, clock()

    def put_off(self) -> None:
        """Try again at the next heartbeat, after a report that failed, with news or without."""
        self._not_before = clock() + HEARTBEAT_SECONDS

    def withdraw(self, cursor: Cursor, vendor: str) -> None:
        """Take the report back: this process answers nothing any more."""
        cursor.execute(f"DELETE FROM {REPORTS} WHERE id = %s", [_stored(self.id, vendor)])  # noqa: S608

    def _write(self, cursor: Cursor, vendor: str, position: Position) -> None:
        cursor.execute(
            f"""
            INSERT INTO {REPORTS} (id, host, pid, token, server, seen_at)
            VALUES (%s, %s, %s, %s, %s, {_NOW[vendor]})
            ON CONFLICT (id) DO UPDATE SET
                token = excluded.token, server = excluded.server, seen_at = excluded.seen_at
            """,  # noqa: S608
            [_stored(self.id, vendor), self._host, self._pid, position.token, position.server],
        )


def _stored(id: UUID, vendor: str) -> UUID | str:
    return id if vendor == "postgresql" else id.hex
