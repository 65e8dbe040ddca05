"""What is kept in memory, and what makes it go."""

from typing import Any

import pytest
from django.db import connection

from permissions.snapshots import store as module
from permissions.snapshots.changes import look
from permissions.snapshots.store import Loaded, Outdated, Position, Seen, Store

ALL = frozenset({"organization:1", "user:1", "user:2"})


def at(order: int, server: str = "s") -> Position:
    return Position(order, f"{order}:{order}:", server)


def seen(order: int, *tags: str, server: str = "s", when: float = 0.0) -> Seen:
    return Seen(at(order, server), frozenset(tags), when)


def value(*tags: str, size: int = 0) -> Loaded[Any]:
    return Loaded(object(), frozenset(tags), size)


@pytest.fixture
def store() -> Store:
    made = Store(10_000_000)
    made.apply(seen(10))
    return made


def test_a_change_makes_go_what_it_names_and_nothing_else(store: Store) -> None:
    mel = store.put(("user", "mel"), value("user:1", "team:7"), at(10))
    gus = store.put(("user", "gus"), value("user:2"), at(10))
    before = store.generation
    store.apply(seen(11, "team:7", "organization:5"))
    assert store.get(("user", "mel")) is None
    assert mel.gone
    assert store.get(("user", "gus")) is gus
    assert not gus.gone
    assert store.generation > before


def test_a_look_that_shows_nothing_leaves_everything(store: Store) -> None:
    store.put(("user", "mel"), value("user:1"), at(10))
    generation = store.generation
    store.apply(seen(12))
    assert store.position == at(12)
    assert store.generation == generation
    assert store.get(("user", "mel")) is not None


def test_what_was_read_before_a_change_is_not_stored_after_it(store: Store) -> None:
    store.apply(seen(12, "user:1"))
    with pytest.raises(Outdated):
        store.put(("user", "mel"), value("user:1"), at(11))
    store.put(("user", "gus"), value("user:2"), at(11))
    store.put(("user", "mel"), value("user:1"), at(12))


def test_looks_that_arrive_in_another_order_make_nothing_go_twice(store: Store) -> None:
    store.apply(seen(12, "user:1"))
    mel = store.put(("user", "mel"), value("user:1"), at(12))
    store.apply(seen(11, "user:1"))
    assert store.position == at(12)
    assert store.get(("user", "mel")) is mel


def test_what_does_not_exist_may_since_any_change(store: Store) -> None:
    assert store.require_newest(at(10)) == store.generation
    store.apply(seen(11))
    assert store.require_newest(at(10)) == store.generation
    store.apply(seen(12, "catalog"))
    with pytest.raises(Outdated):
        store.require_newest(at(11))


def test_more_changes_than_can_be_told_make_everything_go(store: Store) -> None:
    store.put(("user", "mel"), value("user:1"), at(10))
    store.apply(Seen(at(11), None, 0.0))
    assert len(store) == 0
    with pytest.raises(Outdated):
        store.put(("user", "mel"), value("user:1"), at(10))
    store.put(("user", "mel"), value("user:1"), at(11))


def test_another_run_of_the_server_makes_everything_go(store: Store) -> None:
    mel = store.put(("user", "mel"), value("user:1"), at(10))
    store.apply(seen(3, server="another"))
    assert mel.gone
    assert store.position == at(3, "another")
    with pytest.raises(Outdated):
        store.put(("user", "mel"), value("user:1"), at(10))


def test_changes_too_old_to_be_remembered_count_as_any(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "REMEMBERED_CHANGES", 2)
    for order in (11, 12, 13):
        store.apply(seen(order, "catalog"))
    with pytest.raises(Outdated):
        store.put(("user", "mel"), value("user:1"), at(10))
    store.put(("user", "mel"), value("user:1"), at(11))


def test_the_lease_runs_from_before_the_look(store: Store) -> None:
    store.apply(seen(11, when=1000.0))
    assert store.lease_until == 1000.0 + module.LEASE_SECONDS
    store.apply(seen(12, when=900.0))
    assert store.lease_until == 1000.0 + module.LEASE_SECONDS
    store.forget_all()
    assert store.lease_until < 0


def test_memory_is_bounded_and_what_is_used_stays() -> None:
    store = Store(capacity=20 * module.ENTRY_BYTES)
    store.apply(seen(1))
    store.put(("user", "used"), value("user:0"), at(1))
    for number in range(1000):
        store.put(("user", number), value(f"user:{number}"), at(1))
        assert store.get(("user", "used")) is not None
        assert store.size <= store.capacity
    assert len(store) == 20
    assert len(store._by_tag) == 20
    assert len(store._hand) < 2000


def test_a_big_value_takes_the_room_of_many() -> None:
    store = Store(capacity=20 * module.ENTRY_BYTES)
    store.apply(seen(1))
    for number in range(15):
        store.put(("user", number), value(f"user:{number}"), at(1))
    big = store.put(("organization", "acme"), value("organization:1", size=15_000), at(1))
    assert store.get(("organization", "acme")) is big
    assert store.size <= store.capacity
    # One that is bigger than all the room is kept alone, rather than read for each question.
    store.put(("organization", "huge"), value("organization:2", size=10**9), at(1))
    assert store.counts() == {"organization": 1}


def test_what_is_changed_often_leaves_no_litter() -> None:
    store = Store(capacity=10**9)
    for order in range(5_000):
        store.apply(seen(order, "user:1"))
        store.put(("user", "mel"), value("user:1"), at(order))
    assert len(store._hand) < 3000
    assert store.size == module.ENTRY_BYTES


@pytest.mark.django_db
def test_a_look_from_nowhere_tells_nobody_that_nothing_has_changed() -> None:
    with connection.cursor() as cursor:
        first = look(cursor, connection.vendor, None)
    assert first.tags is None
    knowing = Store(10_000_000)
    knowing.apply(Seen(at(first.position.order - 1, first.position.server), frozenset(), 0.0))
    before = at(first.position.order - 1, first.position.server)
    mel = knowing.put(("user", "mel"), value("user:1"), before)
    knowing.apply(first)
    assert mel.gone
    assert knowing.get(("user", "mel")) is None
