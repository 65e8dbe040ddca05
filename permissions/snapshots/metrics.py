"""What a worker has in memory, and how old its news is, for Prometheus."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from permissions.snapshots.memory import store, watcher
from permissions.snapshots.shared import AGE, BYTES, COUNT, HELP
from permissions.snapshots.store import FRESH_SECONDS, clock


class FactsCollector(Collector):
    """Looks when it is asked, in the one process that is. One that doesn't watch has no age to
    tell."""

    def collect(self) -> Iterator[Metric]:
        counts = GaugeMetricFamily(COUNT, HELP[COUNT], labels=["kind"])
        for kind, count in store.counts().items():
            counts.add_metric([kind], count)
        yield counts
        yield GaugeMetricFamily(BYTES, HELP[BYTES], value=store.size)
        age = GaugeMetricFamily(AGE, HELP[AGE])
        if watcher.watches and store.position is not None:
            age.add_metric([], clock() - (store.fresh_until - FRESH_SECONDS))
        yield age
