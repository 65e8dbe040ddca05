"""What a worker has in memory, where the other workers of one server can read it.

Only where they are served by `deploy/serve.py`: the files are prometheus_client's.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from prometheus_client import Gauge, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.samples import Sample

from permissions.snapshots.store import FRESH_SECONDS, Store, clock

SHORTEST_INTERVAL = 2.0
AGE = "hubadmin_facts_age_seconds"
COUNT, BYTES = "hubadmin_facts", "hubadmin_facts_bytes"
HELP = {
    AGE: "How long ago this worker last learned of all changes.",
    COUNT: "Facts that this worker has in memory.",
    BYTES: "About how much memory they take.",
}

# In no registry: a process that counts alone tells these by `FactsCollector`, when it is asked.
_count = Gauge(COUNT, HELP[COUNT], ["kind"], registry=None, multiprocess_mode="liveall")
_bytes = Gauge(BYTES, HELP[BYTES], registry=None, multiprocess_mode="liveall")
# The clock of the machine at the last look. Whoever reads it takes the age, as one that sleeps
# can't say how old its news is.
_looked_at = Gauge(AGE, HELP[AGE], registry=None, multiprocess_mode="liveall")


def folder() -> Path | None:
    """Where the workers of this server count together, if they do."""
    name = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    return Path(name) if name else None


def tell_looked(store: Store) -> None:
    """Tell the others that this worker has learned of all changes."""
    _looked_at.set(store.fresh_until - FRESH_SECONDS)


_told: dict[str, int] = {}
_told_at = float("-inf")


def tell_facts(store: Store) -> None:
    """Tell the others what this worker has in memory; not often, as everything is counted."""
    global _told, _told_at
    if folder() is None or clock() - _told_at < SHORTEST_INTERVAL:
        return
    counts = store.counts()
    for kind in _told | counts:  # also those of which there are none any more
        _count.labels(kind).set(counts.get(kind, 0))
    _bytes.set(store.size)
    _told, _told_at = counts, clock()


class SharedCollector(MultiProcessCollector):
    """What all workers of this server have counted, those that have ended too, and what each that
    lives has in memory."""

    def collect(self) -> Iterable[Metric]:
        _forget_the_dead(Path(self._path))
        for metric in super().collect():  # type: ignore[no-untyped-call]  # theirs has none
            if metric.name == AGE:
                metric.samples = [_aged(sample) for sample in metric.samples]
            yield metric


def _aged(sample: Sample) -> Sample:
    return sample._replace(value=max(0.0, clock() - sample.value))


def _forget_the_dead(files: Path) -> None:
    for file in files.glob("gauge_live*_*.db"):
        pid = int(file.stem.rpartition("_")[2])
        with suppress(PermissionError):  # it lives, and is not ours
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                mark_process_dead(pid, files)  # type: ignore[no-untyped-call]  # theirs has none
