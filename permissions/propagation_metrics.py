"""How far behind each worker is, for Prometheus: read from all workers' reports."""

from collections.abc import Iterable

import structlog
from django.db import DatabaseError, InterfaceError
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from permissions.propagation import lags

log = structlog.get_logger(__name__)


class LagCollector(Collector):
    """The same from whichever worker answers."""

    def describe(self) -> Iterable[Metric]:
        # Said without the database, which may not be there when a process starts.
        return []

    def collect(self) -> Iterable[Metric]:
        try:
            found = lags()
        except (DatabaseError, InterfaceError):
            log.warning("lag_not_measured", exc_info=True)
            return
        lag = GaugeMetricFamily(
            "hubadmin_worker_lag_seconds",
            "For how long the first change has been written that a worker hasn't got; 0 if it has "
            "them all. Workers that have not reported for a minute are left out.",
            labels=["host", "pid"],
        )
        for report, seconds in found:
            lag.add_metric([report.host, str(report.pid)], seconds)
        yield lag
