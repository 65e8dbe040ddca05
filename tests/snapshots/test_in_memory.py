"""A worker's own facts: read once, true together, gone when they change or can't be known."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from prometheus_client import REGISTRY, generate_latest

from permissions import known, reading
from permissions.authorize import authorize
from permissions.core.policy import SubjectKind
from permissions.facts import Asker, Claim, organization_facts
from permissions.models import ImageAccessPolicy
from permissions.snapshots.memory import Kind, NotYetKnown, recall, store, watcher
from permissions.snapshots.store import Loaded

MEL = Claim(SubjectKind.USER, "mel")
IMAGE = "docker.io/randomdev/tool"
SetEnabled = Callable[[bool], None]
pytestmark = pytest.mark.usefixtures("live")


def decide(min_version: int | None = None) -> tuple[bool, int | None]:
    decision = authorize(MEL, Asker(organization="acme", min_version=min_version), IMAGE)
    return decision.allowed, decision.policy_version


def within(seconds: float, holds: Callable[[], bool]) -> float:
    """How long it takes until something holds; fails if it takes longer."""
    started = time.monotonic()
    while not holds():
        assert time.monotonic() - started < seconds
    return time.monotonic() - started


def test_what_is_known_asks_nobody(statements: list[str]) -> None:
    first = decide()
    assert statements
    statements.clear()
    assert [decide() for _ in range(50)] == [first] * 50
    assert statements == []


def test_p6_a_change_by_another_process_is_in_force_within_a_quarter_second(
    set_enabled: SetEnabled,
) -> None:
    assert decide()[0]
    for enabled in (True, False) * 5:
        set_enabled(enabled)
        within(0.25, lambda wished=enabled: decide()[0] is not wished)  # type: ignore[misc]


def test_p6_a_lost_notification_is_made_up_for_within_a_second(
    set_enabled: SetEnabled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("permissions.snapshots.watcher.CHANNEL", "nobody_speaks_here")
    assert decide()[0]
    set_enabled(True)
    took = within(1, lambda: not decide()[0])
    assert took < 0.75


def test_p6_a_version_that_somebody_saw_is_never_answered_from_before(
    set_enabled: SetEnabled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("permissions.snapshots.watcher.CHANNEL", "nobody_speaks_here")
    _, version = decide()
    assert version is not None
    for enabled in (True, False) * 5:
        set_enabled(enabled)
        version += 1
        assert decide(min_version=version) == (not enabled, version)


def test_p6_a_version_that_nobody_committed_is_refused_at_once() -> None:
    _, version = decide()
    assert version is not None
    started = time.monotonic()
    with pytest.raises(NotYetKnown, match=f"the newest is {version}"):
        decide(min_version=version + 1)
    assert time.monotonic() - started < 0.5


def test_what_is_not_committed_is_decided_from_inside_and_never_outside() -> None:
    assert decide()[0]
    with transaction.atomic():
        ImageAccessPolicy._base_manager.update(enabled=True)
        assert not decide()[0]
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(_decide_in_a_thread).result()
        transaction.set_rollback(True)
    assert decide()[0]


def _decide_in_a_thread() -> bool:
    try:
        return decide()[0]
    finally:
        connection.close()


def test_who_commits_decides_from_it_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from orgs.actor import Actor
    from permissions.operations import Settings, change_policy
    from tests.conftest import named_organization

    monkeypatch.setattr("permissions.snapshots.watcher.CHANNEL", "nobody_speaks_here")
    acme = named_organization("acme")
    assert decide()[0]
    try:
        for enabled in (True, False) * 3:
            change_policy(Actor.site_staff(), acme, Settings(enabled, True, True), None)
            assert decide()[0] is not enabled
    finally:
        change_policy(Actor.site_staff(), acme, Settings(False, True, True), None)


@pytest.fixture
def slow() -> tuple[Kind[str, int], list[str], threading.Event]:
    """A kind of facts whose reading takes until it is let go, and what has been read."""
    reads: list[str] = []
    may_end = threading.Event()

    def load(key: str) -> Loaded[int] | None:
        number = len(reads)
        reads.append(key)
        may_end.wait(5)
        return None if key == "absent" else Loaded(number, frozenset({"test:1"}))

    return Kind("test", load), reads, may_end


def test_facts_are_read_once_however_many_wait(slow: Any) -> None:
    kind, reads, may_end = slow

    def ask(_: int) -> Any:
        try:
            return reading.known(kind, "one")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(ask, number) for number in range(8)]
        within(5, lambda: len(reads) == 1)
        time.sleep(0.1)
        may_end.set()
        assert {future.result() for future in asked} == {0}
    assert reads == ["one"]


def test_who_comes_later_believes_no_absence_found_before(slow: Any) -> None:
    kind, reads, may_end = slow

    def ask() -> Any:
        try:
            return recall(kind, "absent")
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(ask)
        within(5, lambda: len(reads) == 1)
        second = pool.submit(ask)
        time.sleep(0.1)
        may_end.set()
        first.result(), second.result()
    assert reads == ["absent", "absent"]


def test_what_changes_while_it_is_read_is_read_again(
    slow: Any, elsewhere: psycopg.Connection[Any]
) -> None:
    kind, reads, may_end = slow
    decide()

    def ask() -> Any:
        try:
            return reading.known(kind, "one")
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask)
        within(5, lambda: len(reads) == 1)
        elsewhere.execute(
            "INSERT INTO permissions_change (transaction, keys) "
            "VALUES (pg_current_xact_id()::text::bigint, 'test:1')"
        )
        assert watcher.look_again()
        may_end.set()
        assert asked.result() == 1


def test_a_change_that_commits_late_is_not_overlooked(
    elsewhere: psycopg.Connection[Any], set_enabled: SetEnabled
) -> None:
    """Its row has a lower number than rows that have been seen already."""
    assert decide()[0]
    with psycopg.connect(elsewhere.info.dsn) as late:
        late.execute("UPDATE permissions_imageaccesspolicy SET enabled = true, version = version")
        set_globex = "UPDATE permissions_siteversion SET version = version + 1"
        for _ in range(3):
            elsewhere.execute(set_globex)
            assert watcher.look_again()
        assert decide()[0]
        late.commit()
    within(0.5, lambda: not decide()[0])
    elsewhere.execute("UPDATE permissions_imageaccesspolicy SET enabled = false")


def test_facts_read_late_are_never_mixed_with_facts_remembered_from_before(
    elsewhere: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mel leaves acme in a transaction that raises the version. Whoever reads acme's facts after
    it, before the news has come, must not find Mel remembered as a member."""
    decide()
    monkeypatch.setattr("permissions.snapshots.watcher.POLL_SECONDS", 60)
    monkeypatch.setattr("permissions.snapshots.watcher.CHANNEL", "nobody_speaks_here")
    watcher.stop()
    _, version = decide()
    assert version is not None
    assert store.get(("user", "mel")) is not None
    with psycopg.connect(elsewhere.info.dsn) as other:
        other.execute("UPDATE orgs_user SET is_active = false WHERE username = 'mel'")
        other.execute("UPDATE permissions_imageaccesspolicy SET version = version + 1")
    try:
        store.forget(("organization", "acme"))
        decision = authorize(MEL, Asker(organization="acme"), IMAGE)
        assert (decision.rule, store.get(("user", "mel"))) == ("unknown_subject", None)
    finally:
        elsewhere.execute("UPDATE orgs_user SET is_active = true WHERE username = 'mel'")


def test_an_answer_whose_facts_changed_meanwhile_is_made_anew(set_enabled: SetEnabled) -> None:
    decide()
    made: list[bool] = []
    done: list[str] = []

    def answer() -> bool:
        facts = organization_facts("acme")
        assert facts is not None
        if not made:
            set_enabled(True)
            watcher.look_again()
        made.append(facts.policy.enabled)
        reading.afterwards(lambda now, occasion: done.append("once"))
        return facts.policy.enabled

    assert reading.at_one_moment(answer) is True
    assert made == [False, True]
    assert done == ["once"]


def test_an_answer_is_refused_while_its_facts_change_without_end(set_enabled: SetEnabled) -> None:
    decide()

    def answer() -> None:
        assert organization_facts("acme") is not None
        store.forget(("organization", "acme"))

    with pytest.raises(NotYetKnown, match="faster"):
        reading.at_one_moment(answer)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets time pass, for leases."""
    passed = 0.0

    def clock() -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME) + passed

    for module in ("snapshots.store", "snapshots.changes", "snapshots.watcher", "reading"):
        monkeypatch.setattr(f"permissions.{module}.clock", clock)

    def pass_(seconds: float) -> None:
        nonlocal passed
        passed += seconds

    return pass_


@pytest.fixture
def away(elsewhere: psycopg.Connection[Any]) -> Iterator[Callable[[bool], None]]:
    """Throws everybody out of the database and lets nobody in, and lets them in again."""
    name = elsewhere.info.dbname
    with psycopg.connect(elsewhere.info.dsn, dbname="postgres", autocommit=True) as server:

        def be(gone: bool) -> None:
            server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS {not gone}')
            if gone:
                server.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                    [name],
                )

        yield be
        be(False)


def test_p11_without_the_database_decisions_go_on_until_the_lease_is_over(
    away: Callable[[bool], None], later: Callable[[float], None]
) -> None:
    answer = decide()
    away(True)
    connection.close()
    time.sleep(0.2)
    later(50)
    assert decide() == answer
    with pytest.raises((DatabaseError, NotYetKnown)):
        authorize(MEL, Asker(organization="globex"), IMAGE)
    later(11)
    for _ in range(3):
        with pytest.raises(NotYetKnown):
            decide()
    away(False)
    connection.close()
    within(5, lambda: _decides() == answer)


def _decides() -> Any:
    try:
        return decide()
    except (NotYetKnown, DatabaseError):
        connection.close()
        return None


def test_who_has_slept_looks_before_it_answers(
    later: Callable[[float], None], set_enabled: SetEnabled, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a process that was stopped: its thread that learns of changes has slept as well."""
    monkeypatch.setattr("permissions.snapshots.watcher.POLL_SECONDS", 60)
    monkeypatch.setattr("permissions.snapshots.watcher.CHANNEL", "nobody_speaks_here")
    assert decide()[0]
    set_enabled(True)
    assert decide()[0]
    later(2)
    assert not decide()[0]
    set_enabled(False)
    later(100)
    assert decide()[0]


def test_rules_that_end_and_tokens_that_expire_do_so_in_memory_too(
    elsewhere: psycopg.Connection[Any],
) -> None:
    now = timezone.now()
    token = known.KnownToken(None, now)  # type: ignore[arg-type]
    assert not token.is_live(now)
    assert token.is_live(now.replace(year=now.year - 1))


def test_metrics_tell_what_is_in_memory_and_how_old_the_news_is() -> None:
    decide()
    text = generate_latest(REGISTRY).decode()
    assert 'hubadmin_facts{kind="organization"} 1.0' in text
    age = float(text.partition("\nhubadmin_facts_age_seconds ")[2].partition("\n")[0])
    assert 0 <= age < 1
