"""The pull log's way in: a bounded queue, written in batches off the requests' way.

Taking a pull never waits, never fails, and never touches the database. Pulls that come while the
queue is full (the database is away, or slower than the requests) are dropped and counted.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from multiprocessing.util import Finalize
from random import getrandbits
from time import monotonic, time_ns
from typing import NamedTuple

import structlog
from prometheus_client import Counter

log = structlog.get_logger(__name__)

QUEUE_SIZE = 50_000
BATCH_SIZE = 2_000
BATCH_SECONDS = 0.5
LONGEST_PAUSE = 5.0
SECONDS_TO_FINISH = 2.0

DROPPED = Counter("hubadmin_pull_log_dropped", "Decisions that the pull log has no line of.")
WRITTEN = Counter("hubadmin_pull_log_written", "Decisions written to the pull log.")


def new_key() -> str:
    """A key for one line: the time in front, so that the newest lie side by side (UUID 7), in
    hexadecimal."""
    milliseconds = (time_ns() // 1_000_000) << 80
    # A name, no secret; processes that fork go on with chances of their own.
    chance = getrandbits(80) & ~(0xF << 76) & ~(0x3 << 62)
    return f"{milliseconds | chance | 0x7 << 76 | 0x2 << 62:032x}"


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Decided:
    """What one organization (None: nobody, before any was asked) decided about one question: what
    a line says besides when and from where, and the same object each time the question comes."""

    organization: str | None
    subject_kind: str
    subject_id: str
    action: str
    image: str
    repository: str
    category: str
    rule: str
    allowed: bool
    policy_version: int | None
    protocol: str
    registry: str
    own_rule: int = 0
    would_have: str = ""


class Pull(NamedTuple):
    """One line. Lines of one key count once."""

    at: datetime
    decided: Decided
    client: str
    address: str | None
    request_id: str
    key: str


class TryAgain(Exception):
    """The batch could not be written now, and may be later."""


class PullLog:
    """A queue of pulls and the thread that hands them to `write`, one of each per process.

    `write` stores a batch whole or not at all, raises `TryAgain`, and gives the number of lines
    that it could not store at all. The thread starts with the first pull, so that a process that
    forks has none yet. With `threaded` false only `flush` writes.
    """

    def __init__(self, write: Callable[[Sequence[Pull]], int], *, threaded: bool = True) -> None:
        self._write = write
        self._threaded = threaded
        self._reset()
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        self._waiting: deque[Pull] = deque()
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, pulls: Sequence[Pull]) -> None:
        """Take lines to be written soon; drop and count what there is no room for."""
        with self._lock:
            room = max(QUEUE_SIZE - len(self._waiting), 0)
            self._waiting.extend(pulls[:room])
            if self._thread is None and self._threaded:
                self._start()
        if len(pulls) > room:
            DROPPED.inc(len(pulls) - room)
        if not self._wake.is_set():
            self._wake.set()

    def flush(self, seconds: float = SECONDS_TO_FINISH) -> bool:
        """Write what waits, now and here; whether all of it got written in the time given."""
        deadline = monotonic() + seconds
        while self._waiting:
            if self._write_batch():
                continue
            if monotonic() >= deadline:
                return False
            threading.Event().wait(0.1)
        return True

    def close(self) -> None:
        """Write what waits before the process ends; what can't be written in time is dropped."""
        self._closing.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(SECONDS_TO_FINISH)
        if not self.flush():
            DROPPED.inc(len(self._waiting))
            log.error("pull_log_dropped", pulls=len(self._waiting))
            self._waiting.clear()

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="pull-log", daemon=True)
        self._thread.start()
        # Of the ways to be called at a process' end, the one that also children of
        # multiprocessing go, as web workers are. (`atexit` is not called in those.)
        Finalize(None, self.close, exitpriority=10)

    def _run(self) -> None:
        pause = BATCH_SECONDS
        while not self._closing.is_set():
            self._wake.wait()
            if len(self._waiting) < BATCH_SIZE or pause > BATCH_SECONDS:
                self._closing.wait(pause)
            self._wake.clear()
            if self._closing.is_set():
                return
            written = self._write_batch()
            pause = BATCH_SECONDS if written else min(pause * 2, LONGEST_PAUSE)
            if self._waiting:
                self._wake.set()

    def _write_batch(self) -> bool:
        """Write the oldest lines. They leave the queue only when they are stored."""
        with self._writing:
            with self._lock:
                batch = list(islice(self._waiting, BATCH_SIZE))
            if not batch:
                return True
            try:
                refused = self._write(batch)
            except TryAgain as error:
                log.warning("pull_log_waits", reason=str(error), waiting=len(self._waiting))
                return False
            except Exception:
                log.exception("pull_log_failed")
                refused = len(batch)
            with self._lock:
                for _ in batch:
                    self._waiting.popleft()
        WRITTEN.inc(len(batch) - refused)
        DROPPED.inc(refused)
        return True
