"""This process' facts, and how one that it hasn't got is read: once, however many wait for it."""

import os
import threading
from collections.abc import Callable, Collection, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

import structlog
from django.conf import settings
from django.db import connection, transaction

from permissions.snapshots import changes
from permissions.snapshots.lag import take_in
from permissions.snapshots.store import Entry, Key, Loaded, Outdated, Position, Seen, Store
from permissions.snapshots.watcher import Watcher

log = structlog.get_logger(__name__)

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
R = TypeVar("R")

TRIES = 10
LONGEST_LOAD_SECONDS = 5.0
UNREADABLE = "The rules can't be read at the moment. Try again soon."
TOO_FAST = "The rules are being changed faster than they can be read. Try again soon."

store = Store(settings.SNAPSHOT_BYTES)
watcher = Watcher(store)


class NotYetKnown(Exception):
    """What was asked can't be answered from what is known here (503): never a guess."""


@dataclass(frozen=True, slots=True)
class Kind(Generic[K, V]):
    """A kind of facts: what it is called, and how one is read from the database.

    What `load` finds is immutable. It gives None for what doesn't exist, which is never kept:
    strangers could fill the memory with their guesses. `among` tells by one query which of many
    keys something could exist under.
    """

    name: str
    load: Callable[[K], Loaded[V] | None]
    among: Callable[[Collection[K]], Collection[K]] | None = None


@dataclass(frozen=True, slots=True)
class Absent:
    """That something doesn't exist, as long as nothing at all has changed since."""

    generation: int


class _Flight:
    """One reading that others wait for."""

    def __init__(self) -> None:
        self.landed = threading.Event()
        self.found: Entry[Any] | None = None
        self.error: BaseException | None = None


_flights: dict[Key, _Flight] = {}
_flying = threading.Lock()


def recall(kind: Kind[K, V], key: K) -> Entry[V] | Absent:
    """The facts of this kind under this key, read from the database if they aren't here.

    Raises `NotYetKnown`, or the database's own errors.
    """
    place = (kind.name, key)
    entry = store.get(place)
    if entry is not None:
        return entry
    if not watcher.ensure():
        raise NotYetKnown(UNREADABLE)
    with _flying:
        flight = _flights.get(place)
        if flight is None:
            _flights[place] = mine = _Flight()
    if flight is not None:
        found = _wait_for(flight)
        # What was looked for before we asked may have been made since.
        return found if found is not None else _read(kind, key)
    try:
        result = _read(kind, key)
        mine.found = result if isinstance(result, Entry) else None
        return result
    except BaseException as error:
        mine.error = error
        raise
    finally:
        with _flying:
            del _flights[place]
        mine.landed.set()


def absent_among(kind: Kind[K, V], keys: Collection[K]) -> tuple[set[K], Absent]:
    """Under which of these keys nothing exists, found by one query, and as of when.

    Raises as `recall`.
    """
    if not watcher.ensure():
        raise NotYetKnown(UNREADABLE)
    for _ in range(TRIES):
        try:
            seen, found = _as_of_a_look(lambda: _absent(kind, keys))
            take_in(store, seen)
            return found, Absent(store.require_newest(seen.position))
        except Outdated:
            continue
    raise NotYetKnown(TOO_FAST)


def _absent(kind: Kind[K, V], keys: Collection[K]) -> set[K]:
    return set(keys).difference(kind.among(keys)) if kind.among is not None else set()


def _wait_for(flight: _Flight) -> Entry[Any] | None:
    if not flight.landed.wait(LONGEST_LOAD_SECONDS):
        raise NotYetKnown("The rules take too long to be read. Try again soon.")
    if flight.error is not None:
        raise NotYetKnown(
            "The rules can't be read at the moment. Try again soon."
        ) from flight.error
    return flight.found


def _read(kind: Kind[K, V], key: K) -> Entry[V] | Absent:
    for _ in range(TRIES):
        try:
            seen, loaded = _as_of_a_look(lambda: kind.load(key))
            take_in(store, seen)
            if loaded is None:
                return Absent(store.require_newest(seen.position))
            return store.put((kind.name, key), loaded, seen.position)
        except Outdated:
            continue
    raise NotYetKnown(TOO_FAST)


def _as_of_a_look(read: Callable[[], R]) -> tuple[Seen, R]:
    """Read facts, and as of the same moment what has changed since this process last looked.

    So the facts are never ahead of what else is remembered: a decision could carry the version of
    a change and miss the change (P6).
    """
    if connection.vendor == "postgresql":
        with one_moment():
            seen = _look(store.position)
            return seen, read()
    # A transaction of readers would queue with the writers on the demo's SQLite.
    seen = _look(store.position)
    found = read()
    if _look(seen.position).tags:
        raise Outdated
    return seen, found


def where_the_database_is() -> Position:
    """Up to where somebody would be who had taken in everything by now."""
    return _look(None).position


def _look(since: Position | None) -> Seen:
    with connection.cursor() as cursor:
        return changes.look(cast(changes.Cursor, cursor), connection.vendor, since)


@contextmanager
def one_moment() -> Iterator[None]:
    """Make every query inside see the database as of one moment."""
    outermost = not connection.in_atomic_block
    if connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _begin_anew() -> None:
    """A forked process has no thread that keeps its facts up to date, and so may have no facts."""
    global _flying
    _flying = threading.Lock()
    _flights.clear()
    store.begin_anew()


os.register_at_fork(after_in_child=_begin_anew)
