"""What is added up once a day: the same as what was counted, or nothing."""

from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from audit import pull_sums
from audit.models import DailyPulls, SummedPulls
from audit.pull_sums import DAYS, PullSums, pack_pulls, pulls_since
from orgs.models import Organization
from tests.conftest import Log

pytestmark = pytest.mark.django_db
Rows = list[tuple[str, str, str, bool, int]]


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pull_sums, "WORTH_PACKING", 2)


@pytest.fixture
def today() -> date:
    return timezone.now().date()


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def pulled(log: Log, today: date, *ages: int, **changes: object) -> None:
    for age in ages:
        log(at=noon(today - timedelta(days=age)), **changes)


def rows_of(sums: PullSums) -> Rows:
    """Who pulled what, how that was answered, and how often, whatever is kept apart."""
    subjects, answers = list(sums.subjects), list(sums.answers)
    found: dict[tuple[str, str, str, bool], int] = {}
    for repository, parts in sums.repositories.items():
        for part in parts:
            for subject, answer, count in zip(*part, strict=True):
                key = (subjects[subject], repository, *answers[answer])
                found[key] = found.get(key, 0) + count
    return sorted((*key, count) for key, count in found.items())


def counted(organization: Organization, since: date) -> Rows:
    """The same, added up from the daily counts one by one."""
    found: dict[tuple[str, str, str, bool], int] = {}
    for row in DailyPulls.objects.filter(organization_id=organization.pk, date__gte=since):
        if row.action == "pull" and row.repository:
            key = (f"{row.subject_kind} {row.subject_id}", row.repository, row.rule, row.allowed)
            found[key] = found.get(key, 0) + row.count
    return sorted((*key, count) for key, count in found.items())


def packed(organization: Organization) -> bool:
    return SummedPulls.objects.filter(
        organization_id=organization.pk, packed__isnull=False
    ).exists()


def test_what_is_packed_is_what_was_counted(acme: Organization, log: Log, today: date) -> None:
    pulled(log, today, 0, 0, 1, 1, 2, 29, 30, 31)
    pulled(log, today, 0, 3, subject_kind="token", subject_id="two words \\ \u00e4")
    pulled(log, today, 1, 5, repository="docker.io/b/c", rule="owner", allowed=True)
    pulled(log, today, 4, action="push")
    pulled(log, today, 4, repository="", rule="invalid_reference")
    since = today - DAYS
    expected = counted(acme, since)
    assert len(expected) == 3
    assert rows_of(pulls_since(acme.pk, since)) == expected
    assert pack_pulls(today) == 1
    assert packed(acme)
    assert rows_of(pulls_since(acme.pk, since)) == expected
    pulled(log, today, 0, subject_id="zoe")
    assert packed(acme)
    assert rows_of(pulls_since(acme.pk, since)) == counted(acme, since) != expected


def test_nothing_is_packed_as_nothing() -> None:
    assert rows_of(PullSums.unpacked(PullSums().pack())) == []


def test_numbers_of_any_size_come_back() -> None:
    sums = PullSums()
    sums.add(
        [("user", "mel", "a/b", "owner", True, 2**63 - 1), ("user", "gus", "c/d", "x", False, 1)]
    )
    sums.add([("user", "mel", "a/b", "owner", True, 1)])
    again = PullSums.unpacked(sums.pack())
    assert rows_of(again) == rows_of(sums)
    assert [len(parts) for parts in again.repositories.values()] == [2, 1]


def test_only_whoever_pulls_much_is_added_up_and_once_a_day(
    acme: Organization, globex: Organization, log: Log, today: date
) -> None:
    pulled(log, today, 1, 2)
    pulled(log, today, 1, organization="globex")
    pulled(log, today, 1, 2, organization=None, policy_version=None)
    assert pack_pulls(today) == 1
    assert packed(acme)
    assert not packed(globex)
    assert pack_pulls(today) == 0

    pulled(log, today, 0)
    assert pack_pulls(today + timedelta(days=1)) == 1
    assert pack_pulls(today + timedelta(days=2)) == 1
    assert [one.until for one in SummedPulls.objects.all()] == [
        today + timedelta(days=days) for days in (1, 2)
    ]


def test_what_was_packed_is_of_use_until_the_next_day_is_over(
    acme: Organization, log: Log, today: date
) -> None:
    def pulls_as_of(days: int) -> int:
        sums = pulls_since(acme.pk, today + timedelta(days=days) - DAYS)
        return sum(count for *_, count in rows_of(sums))

    pulled(log, today, 0, 1, 28, 29, 30, 31)
    assert pack_pulls(today) == 1
    # As no writer does it, so that it shows what is read.
    DailyPulls.objects.filter(date=today - timedelta(days=1)).update(count=100)
    assert [pulls_as_of(days) for days in (0, 1, 2)] == [5, 4, 102]


def test_a_pull_that_comes_late_has_them_added_up_again(
    acme: Organization, globex: Organization, log: Log, today: date
) -> None:
    pulled(log, today, 1, 2)
    pulled(log, today, 1, 2, organization="globex")
    assert pack_pulls(today) == 2
    pulled(log, today, 0, 30, 31)
    assert packed(acme)
    pulled(log, today, 1)
    assert not packed(acme)
    assert packed(globex)
    since = today - DAYS
    assert rows_of(pulls_since(acme.pk, since)) == counted(acme, since)
    assert pack_pulls(today) == 1
    assert packed(acme)
    assert rows_of(pulls_since(acme.pk, since)) == counted(acme, since)
    pulled(log, today, 29)
    assert not packed(acme)


def test_whoever_is_counting_is_waited_for_or_it_is_tried_again(
    acme: Organization, log: Log, today: date
) -> None:
    pulled(log, today, 1, 2)
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None}) as other:
        other.execute("LOCK TABLE audit_dailypulls IN ROW EXCLUSIVE MODE")  # as INSERT takes it
        assert pack_pulls(today) == 0
        assert not packed(acme)
        other.rollback()
    assert pack_pulls(today) == 1
    assert packed(acme)
