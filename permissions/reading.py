"""Reading what answers are made from, all of one answer as of one moment.

Facts come from this process' memory, or inside a transaction from the database itself: what isn't
committed is nobody else's business.
"""

import threading
from collections.abc import Callable, Hashable, Iterable, Sequence
from contextvars import ContextVar
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.utils import timezone

from permissions.snapshots.memory import (
    Absent,
    Kind,
    NotYetKnown,
    absent_among,
    one_moment,
    recall,
    store,
    watcher,
)
from permissions.snapshots.store import Entry, Key, Loaded, clock

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
R = TypeVar("R")

TRIES = 20
PATIENCE_SECONDS = 0.5
_ANSWER = "answer"
CUT_OFF = "It can't be learned at the moment what has changed. Try again soon."


Effect = Callable[[datetime, Any], None]
"""What is done each time an answer is given, told the answer's time and its occasion."""


class Remembered(Generic[R]):
    """An answer, the entries that it was made of, what is done whenever it is given, and until when
    the same entries give the same one (None: as long as they stand)."""

    __slots__ = ("answer", "effects", "entries", "until")

    def __init__(
        self,
        answer: R,
        entries: Sequence[Entry[Any]],
        effects: Sequence[Effect],
        until: datetime | None,
    ) -> None:
        self.answer = answer
        self.entries = tuple(entries)
        self.effects = tuple(effects)
        self.until = until

    def holds(self, now: datetime) -> bool:
        """Whether it would come out the same, as far as is known here. Its entries then count as
        used, as they were by what asks here."""
        for entry in self.entries:
            if entry.gone:
                return False
            entry.used = True
        return self.until is None or now < self.until


class Moment:
    """What has been read so far for one answer from this process' memory."""

    __slots__ = (
        "absent",
        "done",
        "effects",
        "entries",
        "fleeting",
        "generation",
        "looked",
        "now",
        "nowhere",
        "remembering",
        "until",
    )

    def __init__(self, *, looked: bool, done: dict[Hashable, Any]) -> None:
        self.generation = store.generation
        self.now = timezone.now()
        self.entries: list[Entry[Any]] = []
        self.absent: int | None = None
        """The generation in which something was found not to exist."""
        self.nowhere: dict[Key, Absent] = {}
        """What has been found not to exist before it was asked for."""
        self.looked = looked
        self.done = done
        """What has been done once for the answer, also for one that was overtaken."""
        self.effects: list[Effect] = []
        self.remembering = False
        self.until: datetime | None = None
        self.fleeting = False

    def read(self, kind: Kind[K, V], key: K) -> V | None:
        found = self.nowhere.get((kind.name, key)) or recall(kind, key)
        if isinstance(found, Absent):
            if self.absent is None or found.generation < self.absent:
                self.absent = found.generation
            return None
        self.entries.append(found)
        return found.value

    def expect(self, kind: Kind[K, V], keys: Iterable[K]) -> None:
        news = {key for key in keys if store.get((kind.name, key)) is None}
        if news:
            absent, since = absent_among(kind, news)
            self.nowhere.update(((kind.name, key), since) for key in absent)

    def remembered(self, question: Hashable, size: int, make: Callable[[], R]) -> R:
        place = (_ANSWER, question)
        entry: Entry[Remembered[R]] | None = store.get(place)
        if entry is not None and entry.value.holds(self.now):
            return self._taken(entry.value)
        if self.remembering:
            return make()  # a part of what is kept as a whole
        return self._kept(place, size, make)

    def _taken(self, remembered: Remembered[R]) -> R:
        self.entries += remembered.entries
        self.effects += remembered.effects
        self.lasts_until(remembered.until)
        return remembered.answer

    def _kept(self, place: Key, size: int, make: Callable[[], R]) -> R:
        entries, effects = len(self.entries), len(self.effects)
        self.remembering, self.fleeting, self.until = True, False, None
        try:
            answer = make()
        finally:
            self.remembering = False
        if self.absent is None and not self.fleeting:
            kept = Remembered(answer, self.entries[entries:], self.effects[effects:], self.until)
            store.keep(place, Loaded(kept, frozenset(), size))
        return answer

    def lasts_until(self, end: datetime | None) -> None:
        if end is not None:
            self.until = end if self.until is None else min(self.until, end)

    def forget(self, place: Key) -> None:
        self.entries = [entry for entry in self.entries if store.get(place) is not entry]
        self.fleeting = True
        store.forget(place)

    @property
    def holds(self) -> bool:
        """Whether all that has been read is still true, and so was true together."""
        if self.generation == store.generation:
            return True  # nothing has become untrue since
        if self.absent is not None and self.absent != store.generation:
            return False
        return not any(entry.gone for entry in self.entries)

    @property
    def leans_on_memory(self) -> bool:
        return bool(self.entries) or self.absent is not None


class StoredMoment(Moment):
    """The same inside a transaction: each fact read from the database, once."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        super().__init__(looked=True, done={})
        self._known: dict[tuple[str, Hashable], Any] = {}

    def read(self, kind: Kind[K, V], key: K) -> V | None:
        place = (kind.name, key)
        if place not in self._known:
            loaded = kind.load(key)
            self._known[place] = loaded.value if loaded else None
        found: V | None = self._known[place]
        return found

    def expect(self, kind: Kind[K, V], keys: Iterable[K]) -> None:
        pass  # few ask inside a transaction

    def remembered(self, question: Hashable, size: int, make: Callable[[], R]) -> R:
        return make()

    def forget(self, place: Key) -> None:
        self._known.pop(place, None)


class _Thread(threading.local):
    """The thread's connection, as to find it takes longer than to ask it."""

    def __init__(self) -> None:
        self.connection = connections[DEFAULT_DB_ALIAS]


_thread = _Thread()


class _LookFirst(Exception):
    """The answer needs what this process may not have heard of yet."""


_current: ContextVar[Moment | None] = ContextVar("moment", default=None)


def at_one_moment(answer: Callable[[], R], occasion: object = None) -> R:
    """What `answer` returns, made from facts that were all true at one moment.

    It is called again if one of them changed meanwhile, so it must do nothing but read; what it
    hands to `afterwards` is done once, when the answer stands, and told the occasion: what it is an
    answer to. What it hands to `once` is done the first time. Raises `NotYetKnown`.
    """
    if _current.get() is not None:
        return answer()
    if _thread.connection.in_atomic_block:
        with one_moment():
            return _finished(StoredMoment(), answer, occasion)
    looked = False
    done: dict[Hashable, Any] = {}
    for _ in range(TRIES):
        moment = Moment(looked=looked, done=done)
        try:
            result = _within(moment, answer)
        except _LookFirst:
            looked = _look_again()
            continue
        if not moment.holds:
            continue
        if moment.leans_on_memory and not _may_answer_from_memory():
            continue
        for effect in moment.effects:
            effect(moment.now, occasion)
        return result
    raise NotYetKnown("The rules are being changed faster than they can be read. Try again soon.")


def known(kind: Kind[K, V], key: K) -> V | None:
    """The facts of a kind under a key, or None if there are none."""
    moment = _current.get()
    if moment is None:
        return at_one_moment(lambda: known(kind, key))
    return moment.read(kind, key)


def expect(kind: Kind[K, V], keys: Iterable[K]) -> None:
    """Find out by one query under which of these keys nothing exists, before all are asked for.

    What doesn't exist is never kept in memory: else each of them would be looked up by itself.
    """
    moment = _current.get()
    if moment is not None:
        moment.expect(kind, keys)


def remembered(question: Hashable, size: int, make: Callable[[], R]) -> R:
    """What `make` answers to a question, or has answered to the same one from the same facts.

    `make` does nothing but read facts; what it hands to `afterwards` is done each time. `size` is
    about how many bytes its answer takes. What leans on something that doesn't exist is never
    remembered: strangers' guesses would fill the memory.
    """
    moment = _current.get()
    if moment is None:
        return at_one_moment(lambda: remembered(question, size, make))
    return moment.remembered(question, size, make)


def remembered_answer(question: Hashable, occasion: object) -> Any:
    """What `remembered` has of a question that is put again, as `at_one_moment` would answer it
    now; None if that has to be asked. A shorter way, as most questions come again."""
    entry: Entry[Remembered[Any]] | None = store.get((_ANSWER, question))
    if entry is None or _thread.connection.in_atomic_block:
        return None
    now, found = timezone.now(), entry.value
    # None of its entries was gone when the first was looked at: they were true together then.
    if not found.holds(now) or clock() >= store.fresh_until:
        return None
    for effect in found.effects:
        effect(now, occasion)
    return found.answer


def lasts_until(end: datetime | None) -> None:
    """Say that the answer that is being made may be another from this time on, whatever the facts:
    something that it was judged by ends then (None: nothing does)."""
    moment = _current.get()
    if moment is not None:
        moment.lasts_until(end)


def not_to_be_remembered() -> None:
    """Say that the answer that is being made must be made anew each time."""
    moment = _current.get()
    if moment is not None:
        moment.fleeting = True


def forget(kind: Kind[K, V], key: K) -> None:
    """Read these facts anew when they are next asked for."""
    moment = _current.get()
    if moment is not None:
        moment.forget((kind.name, key))


def moments_now() -> datetime:
    """The time of the answer that is being made: one for all its parts."""
    moment = _current.get()
    return moment.now if moment is not None else timezone.now()


def require_newest() -> None:
    """Make the answer wait for a look at what has changed, once; at most a second."""
    moment = _current.get()
    if moment is not None and not moment.looked:
        raise _LookFirst


def afterwards(effect: Effect) -> None:
    """Do something when the answer that is being made stands; at once outside of one."""
    moment = _current.get()
    if moment is None:
        effect(timezone.now(), None)
    else:
        moment.effects.append(effect)


def once(what: Hashable, do: Callable[[], R]) -> R:
    """What `do` returns, done once for an answer, however often that is made anew.

    For what can't wait until the answer stands, as counting a guess before it is looked at.
    """
    moment = _current.get()
    if moment is None:
        return do()
    moment.fleeting = True  # the next answer has to do it too
    if what not in moment.done:
        moment.done[what] = do()
    result: R = moment.done[what]
    return result


def _may_answer_from_memory() -> bool:
    """Whether the last look at the changes is not a second ago, or the database can't be reached
    and the lease is not over (P11). After another look, the answer has to be made anew.

    Raises `NotYetKnown` when the lease is over.
    """
    now = clock()
    if now < store.fresh_until:
        return True
    # This process has slept, or its thread that looks has, or the database is away.
    if (watcher.works or now >= store.lease_until) and watcher.look_again(PATIENCE_SECONDS):
        return False
    if clock() < store.lease_until:
        return True
    raise NotYetKnown(CUT_OFF)


def _look_again() -> bool:
    if not watcher.look_again():
        raise NotYetKnown(CUT_OFF)
    return True


def _within(moment: Moment, answer: Callable[[], R]) -> R:
    token = _current.set(moment)
    try:
        return answer()
    finally:
        _current.reset(token)


def _finished(moment: Moment, answer: Callable[[], R], occasion: object) -> R:
    result = _within(moment, answer)
    for effect in moment.effects:
        effect(moment.now, occasion)
    return result
