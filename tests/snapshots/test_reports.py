"""What a worker reports of itself: soon, seldom, and never at the cost of a look."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.db import connection
from prometheus_client import REGISTRY, generate_latest

from permissions.propagation import Propagation, lags, propagation_of
from permissions.snapshots.changes import had_at, oldest_missing
from permissions.snapshots.memory import store, watcher
from permissions.snapshots.reports import (
    COUNTED_SECONDS,
    HEARTBEAT_SECONDS,
    SHORTEST_INTERVAL,
    Reporter,
)
from permissions.snapshots.store import LEASE_SECONDS, Position, Seen, Store, clock
from permissions.worker_models import WorkerReport
from tests.conftest import named_organization
from tests.snapshots.test_in_memory import decide, within

SetEnabled = Callable[[bool], None]


@pytest.mark.parametrize(
    ("token", "had", "not_had"),
    [
        ("10:10:", (1, 9), (10, 11)),
        ("10:20:10,15", (9, 11, 14, 19), (10, 15, 20, 21)),
        ("7", (1, 7), (8, 9)),  # on SQLite, where numbers are in order
        ("0", (), (1,)),
    ],
)
def test_what_somebody_had_at_a_position(
    token: str, had: tuple[int, ...], not_had: tuple[int, ...]
) -> None:
    has = had_at(token)
    assert all(map(has, had))
    assert not any(map(has, not_had))
    assert oldest_missing(token) == min(not_had)


def test_news_is_reported_soon_and_else_only_that_we_live() -> None:
    facts, reporter = Store(1000), Reporter()
    assert reporter.due_in(facts) == 0
    facts.apply(Seen(Position(1, "1", "sqlite"), None, clock()))
    reporter.report(_Nowhere(), "sqlite", facts)
    assert HEARTBEAT_SECONDS - 1 < reporter.due_in(facts) <= HEARTBEAT_SECONDS
    facts.apply(Seen(Position(2, "2", "sqlite"), frozenset(), clock()))
    assert reporter.due_in(facts) > HEARTBEAT_SECONDS - 1
    facts.apply(Seen(Position(3, "3", "sqlite"), frozenset({"user:1"}), clock()))
    assert 0 < reporter.due_in(facts) <= SHORTEST_INTERVAL
    reporter.put_off()
    assert reporter.due_in(facts) > HEARTBEAT_SECONDS - 1


class _Nowhere:
    def execute(self, query: Any, params: Any = None) -> None: ...
    def fetchall(self) -> list[Any]:
        return []


def test_who_may_still_decide_is_counted() -> None:
    """The last look may come a heartbeat after the last report, and is good for the lease."""
    assert COUNTED_SECONDS >= LEASE_SECONDS + HEARTBEAT_SECONDS


def acme() -> Propagation:
    return propagation_of(named_organization("acme"))


@pytest.mark.usefixtures("live")
def test_p6_what_a_worker_has_is_known_within_a_second(set_enabled: SetEnabled) -> None:
    decide()
    within(1, lambda: acme().in_force_everywhere)
    for enabled in (True, False) * 3:
        set_enabled(enabled)
        within(1, lambda: acme().in_force_everywhere)
        assert decide()[1] == acme().policy_version == acme().workers[0].policy_version


@pytest.mark.usefixtures("live")
def test_who_ends_takes_the_report_back() -> None:
    decide()
    within(1, lambda: len(acme().workers) == 1)
    watcher.stop()
    assert acme().workers == ()
    assert not acme().in_force_everywhere


@pytest.fixture
def other(elsewhere: psycopg.Connection[Any]) -> Iterator[Callable[..., None]]:
    """Makes the report of another worker, from some time ago."""
    worker = uuid4()

    def make(*, server: str, seconds_ago: float, token: str = "3:3:") -> None:
        elsewhere.execute(
            "INSERT INTO permissions_workerreport (id, host, pid, token, server, seen_at) "
            "VALUES (%s, 'elsewhere', 7, %s, %s, now() - make_interval(secs => %s))",
            [worker, token, server, seconds_ago],
        )

    yield make
    elsewhere.execute("DELETE FROM permissions_workerreport WHERE id = %s", [worker])


def test_p11_who_has_been_silent_for_too_long_decides_nothing(other: Callable[..., None]) -> None:
    decide()
    assert store.position is not None
    other(server=store.position.server, seconds_ago=COUNTED_SECONDS + 1)
    within(1, lambda: acme().in_force_everywhere)
    assert WorkerReport._default_manager.count() == 2
    watcher.stop()
    decide()  # who begins clears away what others have left
    within(1, lambda: acme().in_force_everywhere)
    assert [worker.host for worker in WorkerReport._default_manager.all()] != ["elsewhere"]
    assert WorkerReport._default_manager.count() == 1


def test_who_has_not_looked_since_a_restart_of_the_database(other: Callable[..., None]) -> None:
    decide()
    other(server="before", seconds_ago=30)
    within(1, lambda: acme().workers_in_force == 1)
    [waiting] = acme().waiting_for
    assert (waiting.host, waiting.pid, waiting.policy_version) == ("elsewhere", 7, None)
    assert [round(lag) for report, lag in lags() if report.host == "elsewhere"] == [30]


def test_how_far_behind_a_worker_is(other: Callable[..., None], set_enabled: SetEnabled) -> None:
    _, before = decide()
    assert store.position is not None
    token, server = store.position.token, store.position.server
    set_enabled(True)
    set_enabled(False)
    other(server=server, seconds_ago=0, token=token)
    within(1, lambda: acme().workers_in_force == 1)
    [waiting] = acme().waiting_for
    assert waiting.policy_version == before
    text = generate_latest(REGISTRY).decode()
    behind = text.partition('hubadmin_worker_lag_seconds{host="elsewhere",pid="7"} ')[2]
    assert 0 < float(behind.partition("\n")[0]) < 5


@contextmanager
def locked() -> Iterator[None]:
    """Nobody can write a report, nor read one."""
    settings = connection.settings_dict
    where = {name: settings[name.upper()] for name in ("host", "port", "user")}
    with psycopg.connect(**where, dbname=settings["NAME"]) as locker:
        locker.execute("LOCK TABLE permissions_workerreport IN ACCESS EXCLUSIVE MODE")
        yield


def test_a_report_that_can_not_be_written_harms_no_look(
    set_enabled: SetEnabled,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("permissions.snapshots.reports.HEARTBEAT_SECONDS", 1.0)
    decide()
    within(1, lambda: acme().in_force_everywhere)
    with locked():
        for enabled in (True, False) * 4:
            set_enabled(enabled)
            within(0.25, lambda wished=enabled: decide()[0] is not wished)  # type: ignore[misc]
            within(2, lambda: "position_not_reported" in caplog.text)
    within(3, lambda: acme().in_force_everywhere)


@pytest.mark.usefixtures("live")
def test_a_change_is_measured_until_it_is_here(set_enabled: SetEnabled) -> None:
    def measured() -> tuple[float, float]:
        count, total = (
            REGISTRY.get_sample_value(f"hubadmin_change_lag_seconds_{part}")
            for part in ("count", "sum")
        )
        assert count is not None
        assert total is not None
        return count, total

    decide()
    count, total = measured()
    set_enabled(True)
    within(1, lambda: measured()[0] > count)
    assert 0 < measured()[1] - total < 1


@pytest.mark.usefixtures("live")
def test_the_time_zone_of_a_connection_makes_no_other_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where the two differ, each would forget what was read by the other."""
    database = connection.settings_dict
    monkeypatch.setattr(
        "django.conf.settings.DIRECT_DATABASE_URL",
        f"host={database['HOST']} port={database['PORT']} user={database['USER']} "
        f"dbname={database['NAME']} options='-c timezone=Asia/Tokyo'",
    )
    decide()
    generation = store.generation
    assert watcher.look_again()
    decide()
    assert store.generation == generation
    assert len(store) > 0
