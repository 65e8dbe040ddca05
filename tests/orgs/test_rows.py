"""Rows that come with another row."""

from datetime import UTC, datetime

import pytest

from orgs.rows import moment

NOON = datetime(2026, 1, 1, 12, microsecond=1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-01-01T12:00:00.000001+00:00", NOON),  # PostgreSQL's
        ("2026-01-01T14:00:00.000001+02:00", NOON),
        ("2026-01-01 12:00:00.000001", NOON),  # SQLite's
        (None, None),
    ],
)
def test_times_are_read_as_databases_write_them(text: str | None, at: datetime | None) -> None:
    assert moment(text) == at
