"""The thread that learns of changes: woken by the database's notification, with a poll behind it.

A notification says nothing but *look*, so none is missed that counts: the next look finds what a
lost, late or doubled one was about.
"""

import os
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.util import Finalize
from typing import Any, Protocol, cast

import psycopg
import structlog
from django.conf import settings
from django.db import connection as django_connection

from permissions.snapshots import changes, shared
from permissions.snapshots.lag import take_in
from permissions.snapshots.reports import LONGEST_MILLISECONDS, Reporter
from permissions.snapshots.store import Seen, Store, clock
from permissions.triggers import CHANNEL

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.5
# Notifications of a rush are answered together.
SHORTEST_PAUSE = 0.005
SHORTEST_RETRY, LONGEST_RETRY = 0.05, 2.0
STOP_SECONDS = 5.0
FIRST_LOOK_SECONDS = 5.0

# A network that is cut shows in seconds, not when the kernel gives up after a quarter of an hour.
_PATIENCE: dict[str, Any] = {"connect_timeout": 3, "tcp_user_timeout": 3000, "keepalives_idle": 10}


class Source(Protocol):
    """A connection on which changes are looked at and waited for."""

    def look(self, store: Store) -> Seen: ...
    def wait(self, wake: socket.socket, seconds: float) -> None: ...
    def report(self, reporter: Reporter, store: Store) -> None: ...
    def withdraw(self, reporter: Reporter) -> None: ...


class Watcher:
    """Keeps a store up to date, from the first question on, in a thread of its own.

    One of each per process; a process that forks starts without.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._reset()
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        self._state = threading.Condition()
        self._begun = self._ended = 0
        self._works = self._closing = False
        self._thread: threading.Thread | None = None
        self._wake, self._waker = socket.socketpair()
        for end in (self._wake, self._waker):
            end.setblocking(False)

    @property
    def watches(self) -> bool:
        """Whether this process keeps up with changes."""
        return self._thread is not None

    @property
    def works(self) -> bool:
        """Whether the last look at the changes has worked, so that the next one should."""
        return self._works

    def start(self) -> None:
        """Start to watch, if nobody has, without waiting for anything."""
        with self._state:
            self._start()

    def ensure(self) -> bool:
        """Start to watch, if nobody has; whether the store knows where the database is."""
        if self.store.position is not None:
            return True
        return self.look_again(FIRST_LOOK_SECONDS)

    def look_again(self, patience: float = 1.0) -> bool:
        """Wait for a look at the changes that begins after now. False if none succeeds in time."""
        deadline = time.monotonic() + patience
        with self._state:
            self._start()
            wanted = self._begun + 1
            self._poke()
            while self._ended < wanted:
                remaining = deadline - time.monotonic()
                if remaining <= 0 or not self._state.wait(remaining):
                    return False
            return self._works

    def stop(self) -> None:
        """End the thread, and forget what nobody keeps up to date any more."""
        with self._state:
            thread, self._thread = self._thread, None
            self._closing = True
            self._poke()
        if thread is not None:
            thread.join(STOP_SECONDS)
        self._closing = False
        self.store.forget_all()

    def _poke(self) -> None:
        with suppress(BlockingIOError):  # full of pokes already
            self._waker.send(b"!")

    def _start(self) -> None:
        if self._thread is None:
            self._reporter = Reporter()
            self._thread = threading.Thread(target=self._run, name="changes", daemon=True)
            self._thread.start()
            Finalize(None, self.stop, exitpriority=10)  # as the pull log does, and why

    def _run(self) -> None:
        pause = SHORTEST_RETRY
        while not self._closing:
            try:
                with _source() as source:
                    while not self._closing:
                        self._look(source)
                        pause = SHORTEST_RETRY
                        self._report(source)
                        due = self._reporter.due_in(self.store)
                        source.wait(self._wake, min(POLL_SECONDS, due))
                        self._drain()
                    self._withdraw(source)
            except Exception as error:
                log.warning("changes_unavailable", reason=str(error).strip(), again_in=pause)
                self._failed()
                time.sleep(SHORTEST_RETRY)
                select.select([self._wake], [], [], pause)
                self._drain()
                pause = min(pause * 2, LONGEST_RETRY)

    def _look(self, source: Source) -> None:
        with self._state:
            self._begun += 1
        if clock() >= self.store.lease_until and self.store.position is not None:
            # Away for so long: whether all that happened is still on record, nobody can tell.
            self.store.forget_all()
        take_in(self.store, source.look(self.store))
        shared.tell_looked(self.store)
        with self._state:
            self._ended, self._works = self._begun, True
            self._state.notify_all()

    def _report(self, source: Source) -> None:
        if self._reporter.due_in(self.store) > 0:
            return
        try:
            source.report(self._reporter, self.store)
            shared.tell_facts(self.store)
        except Exception as error:  # whatever it is, the next look is not to suffer from it
            self._reporter.put_off()
            log.warning("position_not_reported", reason=str(error).strip())

    def _withdraw(self, source: Source) -> None:
        try:
            source.withdraw(self._reporter)
        except Exception as error:  # it is forgotten soon, as that of a process that was killed
            log.warning("report_not_withdrawn", reason=str(error).strip())

    def _failed(self) -> None:
        with self._state:
            self._begun += 1
            self._ended, self._works = self._begun, False
            self._state.notify_all()

    def _drain(self) -> None:
        with suppress(BlockingIOError):
            while self._wake.recv(4096):
                pass


@contextmanager
def _source() -> Iterator[Source]:
    if django_connection.vendor != "postgresql":
        try:
            yield _OnSqlite()
        finally:
            django_connection.close()
        return
    with _connect() as connection:
        connection.execute(f"LISTEN {CHANNEL}")
        connection.execute("SET statement_timeout = '5s'")
        yield _OnPostgreSQL(connection)


def _connect() -> psycopg.Connection[Any]:
    if settings.DIRECT_DATABASE_URL:
        return psycopg.connect(settings.DIRECT_DATABASE_URL, autocommit=True, **_PATIENCE)
    parameters = {**_PATIENCE, **django_connection.get_connection_params()}
    return psycopg.connect(autocommit=True, **parameters)


class _OnPostgreSQL:
    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._looked_at = 0.0

    def look(self, store: Store) -> Seen:
        self._looked_at = time.monotonic()
        with self._connection.cursor() as cursor:
            return changes.look(cursor, "postgresql", store.position)

    def wait(self, wake: socket.socket, seconds: float) -> None:
        # Some may have come with the answer to a look or a report, and nothing wakes us for those.
        if not self._were_notified():
            select.select([self._connection.fileno(), wake.fileno()], [], [], seconds)
            self._were_notified()
        time.sleep(max(0.0, self._looked_at + SHORTEST_PAUSE - time.monotonic()))

    def report(self, reporter: Reporter, store: Store) -> None:
        with self._briefly() as cursor:
            reporter.report(cursor, "postgresql", store)

    def withdraw(self, reporter: Reporter) -> None:
        with self._briefly() as cursor:
            reporter.withdraw(cursor, "postgresql")

    def _were_notified(self) -> bool:
        """Whether notifications have come. What they say doesn't matter; reading empties them."""
        return bool([*self._connection.notifies(timeout=0)])

    @contextmanager
    def _briefly(self) -> Iterator[changes.Cursor]:
        """A transaction that waits for nobody for long, neither for a lock nor for a disk."""
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.execute(
                f"SET LOCAL statement_timeout = {LONGEST_MILLISECONDS}; "
                "SET LOCAL synchronous_commit = off"
            )
            yield cursor


class _OnSqlite:
    def look(self, store: Store) -> Seen:
        with django_connection.cursor() as cursor:
            return changes.look(cursor, "sqlite", store.position)

    def wait(self, wake: socket.socket, seconds: float) -> None:
        select.select([wake], [], [], seconds)

    def report(self, reporter: Reporter, store: Store) -> None:
        with self._briefly() as cursor:
            reporter.report(cursor, "sqlite", store)

    def withdraw(self, reporter: Reporter) -> None:
        with self._briefly() as cursor:
            reporter.withdraw(cursor, "sqlite")

    @contextmanager
    def _briefly(self) -> Iterator[changes.Cursor]:
        """As on PostgreSQL. Whoever looks only reads, and so never waits for a lock."""
        with django_connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {LONGEST_MILLISECONDS}")
            yield cast(changes.Cursor, cursor)
