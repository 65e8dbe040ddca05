"""The catalogue's state for Prometheus, read when it is scraped."""

from collections.abc import Iterable

import structlog
from django.db import DatabaseError, InterfaceError
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from permissions.catalog_models import CatalogSync
from permissions.catalog_queries import CatalogState, catalog_state

log = structlog.get_logger(__name__)


class CatalogCollector(Collector):
    """How old and how big the catalogue is, and how the last try to renew it ended."""

    def describe(self) -> Iterable[Metric]:
        # Said without the database, which may not be there when a process starts.
        return []

    def collect(self) -> Iterable[Metric]:
        try:
            return _metrics(catalog_state())
        except (DatabaseError, InterfaceError):
            log.warning("catalog_not_measured", exc_info=True)
            return []


def _metrics(state: CatalogState) -> list[Metric]:
    entries = GaugeMetricFamily(
        "hubadmin_catalog_entries", "Entries of the catalogue.", labels=["kind"]
    )
    entries.add_metric(["official"], state.official_images)
    entries.add_metric(["verified_publisher"], state.verified_publishers)
    outcome = GaugeMetricFamily(
        "hubadmin_catalog_last_sync",
        "1 for the outcome of the last try to renew the catalogue, 0 for the others.",
        labels=["outcome"],
    )
    for possible in CatalogSync.Outcome.values:
        if possible != CatalogSync.Outcome.RUNNING:
            is_it = state.last is not None and state.last.outcome == possible
            outcome.add_metric([possible], float(is_it))
    if state.as_of is None:
        return [entries, outcome]
    age = GaugeMetricFamily(
        "hubadmin_catalog_age_seconds",
        "Since the catalogue's source last confirmed it, or its own date.",
        value=(timezone.now() - state.as_of).total_seconds(),
    )
    return [entries, outcome, age]
