"""The pull log: counted once, in batches, never in anybody's way."""

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import OperationalError
from django.utils import timezone

from audit import pull_log, pull_writer
from audit.models import DailyPulls, PullLogEntry
from audit.pull_log import Pull, PullLog, TryAgain, new_key
from audit.tasks import DAILY_PULLS_KEPT, clear_old_pulls
from registries.pull_log import new_log
from tests.conftest import named_organization
from tests.pulls import pull_with

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def pull(**changes: object) -> Pull:
    given = {
        "at": AT,
        "organization": "acme",
        "subject_kind": "user",
        "subject_id": "mel",
        "action": "pull",
        "image": "docker.io/randomdev/tool:1.2",
        "repository": "docker.io/randomdev/tool",
        "category": "community",
        "rule": "community_restricted",
        "allowed": False,
        "policy_version": 3,
        "protocol": "token",
        "registry": "acme",
        "client": "skopeo/1.9",
        "address": "203.0.113.7",
        "request_id": "r-1",
    }
    return pull_with(**given | changes)


def written(*pulls: Pull) -> None:
    log = new_log(threaded=False)
    log.add(pulls)
    assert log.flush()


def dropped() -> float:
    return float(pull_log.DROPPED._value.get())


class Database:
    """Stands in for the writer: takes batches, and is away when told."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.away = False

    def write(self, pulls: Sequence[Pull]) -> int:
        if self.away:
            raise TryAgain("away")
        self.batches.append(len(pulls))
        return 0


@pytest.mark.django_db
def test_a_line_says_everything_that_was_decided() -> None:
    written(pull())
    entry = PullLogEntry.objects.get()
    assert entry.organization_id == named_organization("acme").pk
    assert (entry.subject_id, entry.image) == ("mel", "docker.io/randomdev/tool:1.2")
    assert (entry.rule, entry.allowed, entry.policy_version) == ("community_restricted", False, 3)
    assert (entry.client, entry.address, entry.request_id) == ("skopeo/1.9", "203.0.113.7", "r-1")


@pytest.mark.django_db
def test_lines_of_one_day_and_kind_are_counted_together() -> None:
    day = timedelta(days=1)
    written(pull(), pull(image="docker.io/randomdev/tool:2"), pull(at=AT + day))
    written(pull(), pull(subject_id="gus"), pull(own_rule=4), pull(would_have="blocked"))
    counts = {
        (row.date.day, row.subject_id, row.own_rule, row.would_have): row.count
        for row in DailyPulls.objects.all()
    }
    assert counts == {
        (1, "mel", 0, ""): 3,
        (2, "mel", 0, ""): 1,
        (1, "gus", 0, ""): 1,
        (1, "mel", 4, ""): 1,
        (1, "mel", 0, "blocked"): 1,
    }


@pytest.mark.django_db
def test_a_line_written_twice_counts_once() -> None:
    one = pull()
    written(one, one)
    written(one)
    assert PullLogEntry.objects.count() == 1
    assert DailyPulls.objects.get().count == 1


@pytest.mark.django_db
def test_what_no_organization_decided_is_counted_by_kind_alone() -> None:
    nobody = {
        "organization": None,
        "policy_version": None,
        "rule": "unknown_subject",
        "category": "",
    }
    written(pull(**nobody), pull(**nobody, subject_id="zoe", repository="a/b"))
    assert {entry.subject_id for entry in PullLogEntry.objects.all()} == {"mel", "zoe"}
    day = DailyPulls.objects.get()
    assert (day.organization_id, day.subject_id, day.repository, day.count) == (0, "", "", 2)


@pytest.mark.django_db
def test_anonymous_questions_are_counted_but_leave_no_line() -> None:
    written(pull(organization=None, policy_version=None, subject_kind="anonymous", subject_id=""))
    assert not PullLogEntry.objects.exists()
    assert DailyPulls.objects.get().count == 1


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "x" * 5_000, "\x1b[31mred"])
def test_any_text_is_stored_readable_and_bounded(text: str) -> None:
    written(
        pull(
            subject_id=text, image=text, repository=text, client=text, request_id=text, action=text
        )
    )
    entry = PullLogEntry.objects.get()
    assert entry.image.isprintable()
    assert len(entry.image) <= 800


@pytest.mark.django_db
def test_what_is_no_address_is_left_out() -> None:
    written(pull(address="unix:"))
    assert PullLogEntry.objects.get().address is None


@pytest.mark.django_db
def test_one_line_that_the_database_refuses_does_not_take_the_others_along() -> None:
    before = dropped()
    written(pull(), pull(policy_version=None), *[pull() for _ in range(5)])
    assert PullLogEntry.objects.count() == 6
    assert DailyPulls.objects.get().count == 6
    assert dropped() == before + 1


@pytest.mark.django_db
def test_old_lines_are_deleted_and_their_counts_kept_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("audit.tasks.CHUNK", 2)
    now = timezone.now()
    ages = [timedelta(days=days) for days in (500, 91, 91, 91, 89, 0)]
    written(*[pull(at=now - age) for age in ages])
    assert clear_old_pulls() == 4
    assert {entry.at > now - timedelta(days=90) for entry in PullLogEntry.objects.all()} == {True}
    assert PullLogEntry.objects.count() == 2
    kept = DailyPulls.objects.order_by("date").values_list("date", flat=True)
    assert len(kept) == 3
    assert kept[0] >= (now - DAILY_PULLS_KEPT).date()


def test_a_full_queue_drops_and_counts_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pull_log, "QUEUE_SIZE", 3)
    database, before = Database(), dropped()
    log = PullLog(database.write, threaded=False)
    log.add([pull(), pull()])
    log.add([pull(), pull(), pull()])
    assert dropped() == before + 2
    log.flush()
    assert database.batches == [3]


def test_batches_are_bounded() -> None:
    database = Database()
    log = PullLog(database.write, threaded=False)
    log.add([pull()] * 4_500)
    log.flush()
    assert database.batches == [2_000, 2_000, 500]


def test_lines_wait_while_the_database_is_away_and_are_written_when_it_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pull_log, "BATCH_SECONDS", 0.01)
    database, before = Database(), dropped()
    database.away = True
    log = PullLog(database.write)
    log.add([pull(), pull()])
    assert not log.flush(seconds=0.05)
    database.away = False
    log.add([pull()])
    assert wait_until(lambda: sum(database.batches) == 3)
    assert dropped() == before


def test_closing_gives_up_in_time_and_counts_what_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pull_log, "SECONDS_TO_FINISH", 0.1)
    database, before = Database(), dropped()
    database.away = True
    log = PullLog(database.write)
    log.add([pull()])
    log.close()
    assert dropped() == before + 1


def test_lines_are_written_soon_without_anybody_waiting() -> None:
    database = Database()
    log = PullLog(database.write)
    for _ in range(20):
        log.add([pull()])
    assert wait_until(lambda: sum(database.batches) == 20)
    assert len(database.batches) < 5
    log.close()


@pytest.mark.django_db
def test_a_lost_connection_is_a_reason_to_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OperationalError("the connection is lost")

    monkeypatch.setattr(pull_writer, "_count", fail)
    with pytest.raises(TryAgain):
        pull_writer.write([pull()], lambda names: {})
    assert not PullLogEntry.objects.exists()


def test_keys_are_of_version_7_and_grow_with_time() -> None:
    first = UUID(new_key())
    assert (first.version, first.variant) == (7, uuid4().variant)
    threading.Event().wait(0.002)
    assert first < UUID(new_key())


def wait_until(holds: Callable[[], bool], seconds: float = 5) -> bool:
    for _ in range(int(seconds * 100)):
        if holds():
            return True
        threading.Event().wait(0.01)
    return False


@pytest.mark.django_db
@pytest.mark.parametrize("text", [r"a\N", r"\N", "\\", r"back\slash\\", r"\t\n"])
def test_backslashes_are_stored_as_they_came(text: str) -> None:
    written(pull(client=text, request_id=text, image=text, subject_id=text))
    entry = PullLogEntry.objects.get()
    assert {entry.client, entry.request_id, entry.image, entry.subject_id} == {text}
