"""When credentials were last used: noted as they are, to the minute, and written in batches.

A build farm must not turn one row into a queue, nor a pull wait for the database.
"""

import os
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from multiprocessing.util import Finalize
from typing import NamedTuple

import structlog
from django.db import connection
from django.db.models import Model, Q

log = structlog.get_logger(__name__)

PRECISION = timedelta(minutes=1)
FLUSH_SECONDS = 5.0
MOST_REMEMBERED = 100_000


class Used(NamedTuple):
    """A row, and its column that says when it was last used."""

    model: type[Model]
    id: int
    column: str = "last_used_at"


class Uses:
    """What was used since the last flush, and the thread that writes it down."""

    def __init__(self) -> None:
        self._reset()
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        self._noted: dict[Used, datetime] = {}
        self._waiting: dict[Used, datetime] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def note(self, used: Used, now: datetime) -> None:
        """Note a use; inside a transaction it is written at once, and part of it."""
        before = self._noted.get(used)
        if before is not None and now - before < PRECISION:
            return
        if connection.in_atomic_block:
            _write({used: now})
            return
        with self._lock:
            if len(self._noted) >= MOST_REMEMBERED:
                self._noted.clear()
            self._noted[used] = self._waiting[used] = now
            if self._thread is None:
                self._start()

    def flush(self) -> None:
        """Write what waits. What can't be written is noted again at the next use."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        try:
            _write(waiting)
        except Exception as error:  # whatever it is, the next ones are to be written
            log.warning("uses_not_noted", uses=len(waiting), reason=str(error).strip())
            with self._lock:
                for used in waiting:
                    self._noted.pop(used, None)
        finally:
            if not connection.in_atomic_block:
                connection.close()

    def stop(self) -> None:
        """Write what waits, and end the thread."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._closing.set()
            thread.join()
            self._closing.clear()
            self.flush()

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="uses", daemon=True)
        self._thread.start()
        Finalize(None, self.stop, exitpriority=10)  # as the pull log does, and why

    def _run(self) -> None:
        while not self._closing.wait(FLUSH_SECONDS):
            if self._waiting:
                self.flush()


uses = Uses()


def note_use(used: Used, now: datetime) -> None:
    """Note that a credential or a registry was used."""
    uses.note(used, now)


def _write(waiting: Mapping[Used, datetime]) -> None:
    columns: dict[tuple[type[Model], str], dict[int, datetime]] = {}
    for used, at in waiting.items():
        columns.setdefault((used.model, used.column), {})[used.id] = at
    for (model, column), rows in columns.items():
        latest = max(rows.values())
        older = Q(**{column: None}) | Q(**{f"{column}__lt": latest - PRECISION})
        # Sorted, so that no two processes wait for each other; and past the tenants' own managers,
        # as they are many tenants' rows.
        model._base_manager.filter(older, pk__in=sorted(rows)).update(**{column: latest})
