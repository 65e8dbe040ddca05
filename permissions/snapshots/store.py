"""Facts in the memory of one process: immutable, replaced by reference, bounded.

Readers take no lock. Whoever loads, forgets or makes room does, so that there is one order of
things: what a change has made untrue is gone, and marked as gone, before anything is stored that
was read later. No Django in here.
"""

import time
from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass
from threading import Lock
from typing import Any, Generic, TypeVar

V = TypeVar("V")
Key = tuple[str, Hashable]

LEASE_SECONDS = 60.0
FRESH_SECONDS = 0.9
"""While the database can be reached, nothing is answered from a look that is longer ago (P6)."""
# About what an entry costs beside its value: itself, its key, and its places in the indexes.
ENTRY_BYTES = 1000
REMEMBERED_CHANGES = 10_000


def clock() -> float:
    """Seconds that also pass while the machine, or this process, sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True, slots=True)
class Position:
    """How much of what happened in the database somebody has seen.

    `order` grows with every transaction that ends; `token` is what the database needs to tell what
    ended later; `server` is the run of the server, as orders of two can't be compared.
    """

    order: int
    token: str
    server: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at the database's changes has shown: up to where, and which tags' facts are out
    of date since the position the look began from (None: more than can be told).

    `at` is the clock before the look. `late` is for how many seconds the first of these changes
    had been written, by the database's clock; None if there was none, or it can't be told.
    """

    position: Position
    tags: frozenset[str] | None
    at: float
    late: float | None = None


@dataclass(frozen=True, slots=True)
class Loaded(Generic[V]):
    """A value, the tags by which changes will name it, and about how many bytes it takes."""

    value: V
    tags: frozenset[str]
    size: int = 0


class Entry(Generic[V]):
    """A value in memory. `used` is set by readers, `gone` when the value may be untrue."""

    __slots__ = ("gone", "size", "tags", "used", "value")

    def __init__(self, loaded: Loaded[V]) -> None:
        self.value = loaded.value
        self.tags = loaded.tags
        self.size = ENTRY_BYTES + loaded.size
        self.used = False  # by whoever comes after the one who had it read
        self.gone = False


class Outdated(Exception):
    """What was loaded may have been changed while it was: load it again."""


class Store:
    """All entries of a process, up to `capacity` bytes by their own estimate."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.size = 0
        self.generation = 0
        """Grows whenever something may have become untrue, after what did is marked as gone."""
        self.position: Position | None = None
        self.lease_until = self.fresh_until = float("-inf")
        self._lock = Lock()
        self._entries: dict[Key, Entry[Any]] = {}
        self._by_tag: dict[str, set[Key]] = {}
        self._hand: deque[tuple[Key, Entry[Any]]] = deque()
        # What was forgotten lately, each with the order at which it was; and the order before
        # which that isn't known any more.
        self._forgotten: deque[tuple[int, frozenset[str]]] = deque()
        self._known_from = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Key) -> Entry[Any] | None:
        """The entry under this key, or None; takes no lock."""
        entry = self._entries.get(key)
        if entry is not None:
            entry.used = True
        return entry

    def apply(self, seen: Seen) -> None:
        """Forget what a look at the changes has shown to be out of date, and extend the lease."""
        with self._lock:
            if self.position is None or self.position.server != seen.position.server:
                self._begin(seen.position)
            elif seen.position.order > self.position.order:
                self._forget(seen.tags, seen.position)
            self.lease_until = max(self.lease_until, seen.at + LEASE_SECONDS)
            self.fresh_until = max(self.fresh_until, seen.at + FRESH_SECONDS)

    def put(self, key: Key, loaded: Loaded[V], read_at: Position) -> Entry[V]:
        """Store what was read at a position, and make room. Raises `Outdated`.

        The position's own look at the changes must have been applied.
        """
        with self._lock:
            self._require_current(read_at, loaded.tags)
            entry = Entry(loaded)
            self._add(key, entry)
            return entry

    def keep(self, key: Key, derived: Loaded[V]) -> None:
        """Store what was made of entries, and make room. Whether they still hold, and it with
        them, is for whoever reads it to see."""
        with self._lock:
            self._add(key, Entry(derived))

    def require_newest(self, read_at: Position) -> int:
        """The generation, if nothing has changed since a position. Raises `Outdated`.

        For what was found not to exist, which no tag can name.
        """
        with self._lock:
            if self.position is None or read_at != self.position:
                self._require_current(read_at, None)
            return self.generation

    def forget(self, key: Key) -> None:
        """Forget one entry."""
        with self._lock:
            self._drop(key)
            self.generation += 1

    def forget_all(self) -> None:
        """Forget everything, also where the database's changes had been seen up to."""
        with self._lock:
            self._begin(None)
            self.lease_until = self.fresh_until = float("-inf")

    def begin_anew(self) -> None:
        """Forget everything in a process that was forked, whoever held the lock in its parent."""
        self._lock = Lock()
        self.forget_all()

    def counts(self) -> dict[str, int]:
        """How many entries there are of each kind."""
        counts: dict[str, int] = {}
        for kind, _ in list(self._entries):
            counts[kind] = counts.get(kind, 0) + 1
        return counts

    def _begin(self, position: Position | None) -> None:
        self._clear()
        self.position = position
        self._known_from = position.order if position else 0

    def _clear(self) -> None:
        for entry in self._entries.values():
            entry.gone = True
        self._entries, self._by_tag, self.size = {}, {}, 0
        self._hand.clear()
        self._forgotten.clear()
        self.generation += 1

    def _forget(self, tags: frozenset[str] | None, position: Position) -> None:
        if tags is None:
            self._clear()
            self._known_from = position.order
        elif tags:
            for tag in tags:
                for key in tuple(self._by_tag.get(tag, ())):
                    self._drop(key)
            self._forgotten.append((position.order, tags))
            if len(self._forgotten) > REMEMBERED_CHANGES:
                self._known_from, _ = self._forgotten.popleft()
            self.generation += 1
        self.position = position

    def _add(self, key: Key, entry: Entry[Any]) -> None:
        self._drop(key)
        self._entries[key] = entry
        for tag in entry.tags:
            self._by_tag.setdefault(tag, set()).add(key)
        self.size += entry.size
        self._hand.append((key, entry))
        self._make_room(entry)

    def _drop(self, key: Key) -> None:
        entry = self._entries.pop(key, None)
        if entry is None:
            return
        entry.gone = True
        self.size -= entry.size
        for tag in entry.tags:
            keys = self._by_tag[tag]
            keys.discard(key)
            if not keys:
                del self._by_tag[tag]

    def _require_current(self, read_at: Position, tags: frozenset[str] | None) -> None:
        """Raise `Outdated` if something with one of these tags (None: anything) has been forgotten
        that a reader at this position can't have seen yet."""
        if (
            self.position is None
            or read_at.server != self.position.server
            or read_at.order < self._known_from
        ):
            raise Outdated
        for order, forgotten in reversed(self._forgotten):
            if order <= read_at.order:
                return
            if tags is None or not tags.isdisjoint(forgotten):
                raise Outdated

    def _make_room(self, newest: Entry[Any]) -> None:
        """Let go of what nobody has used since the hand last came by, the oldest first: nearly
        the least recently used, without readers having to say more than that they were here."""
        while self.size > self.capacity and len(self._entries) > 1:
            key, entry = self._hand.popleft()
            if self._entries.get(key) is not entry:
                continue
            if entry.used or entry is newest:
                entry.used = False
                self._hand.append((key, entry))
            else:
                self._drop(key)
        if len(self._hand) > 2 * len(self._entries) + 1000:
            self._hand = deque((k, e) for k, e in self._hand if not e.gone)
