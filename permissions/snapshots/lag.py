"""Taking in what a look has shown, and for Prometheus how long that took since it was written."""

from prometheus_client import Histogram

from permissions.snapshots.store import Seen, Store

LAG = Histogram(
    "hubadmin_change_lag_seconds",
    "From writing a change, by the database's clock, until this worker has it: the first of those "
    "that it learns of together.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60),
)


def take_in(store: Store, seen: Seen) -> None:
    """Apply what a look has shown."""
    store.apply(seen)
    if seen.late is not None:
        LAG.observe(max(0.0, seen.late))
