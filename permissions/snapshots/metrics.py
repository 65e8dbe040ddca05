"""What a worker has in memory, and how old its news is, for Prometheus."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from permissions.snapshots.memory import store, watcher
from permissions.snapshots.store import FRESH_SECONDS, clock


class FactsCollector(Collector):
    """Looks when it is asked. A worker that nobody has asked for a decision has no age to tell."""

    def collect(self) -> Iterator[Metric]:
        counts = GaugeMetricFamily(
            "hubadmin_facts", "Facts that this worker has in memory.", labels=["kind"]
        )
        for kind, count in store.counts().items():
            counts.add_metric([kind], count)
        yield counts
        yield GaugeMetricFamily(
            "hubadmin_facts_bytes", "About how much memory they take.", value=store.size
        )
        age = GaugeMetricFamily(
            "hubadmin_facts_age_seconds", "How long ago this worker last learned of all changes."
        )
        if watcher.watches and store.position is not None:
            age.add_metric([], clock() - (store.fresh_until - FRESH_SECONDS))
        yield age
