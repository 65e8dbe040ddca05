"""Storing a batch of the pull log: its lines and the daily counts, together or not at all."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

import structlog
from django.db import (
    DatabaseError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    connection,
    transaction,
)
from django.db.models import CharField

from audit.models import DAILY_KEY, UNDECIDED, DailyPulls, PullLogEntry
from audit.pull_log import Pull, TryAgain

log = structlog.get_logger(__name__)

ANONYMOUS = "anonymous"
LONGEST = {
    field.name: field.max_length
    for field in PullLogEntry._meta.concrete_fields
    if isinstance(field, CharField)
}
OrganizationIds = Callable[[Collection[str]], Mapping[str, int]]
Row = dict[str, Any]
"""The columns of one line, in the order of `COLUMNS`."""

# The columns are our own; what people sent are parameters.
COLUMNS = tuple(
    field.attname for field in PullLogEntry._meta.concrete_fields if not field.primary_key
)
COPY = f"COPY audit_pulllogentry ({', '.join(COLUMNS)}) FROM STDIN"
ADD_TO_DAY = (
    f"INSERT INTO audit_dailypulls ({', '.join(DAILY_KEY)}, count) "  # noqa: S608
    f"VALUES ({', '.join(['%s'] * (len(DAILY_KEY) + 1))}) ON CONFLICT ({', '.join(DAILY_KEY)}) "
    "DO UPDATE SET count = audit_dailypulls.count + EXCLUDED.count"
)


def write(pulls: Sequence[Pull], organization_ids: OrganizationIds) -> int:
    """Store a batch; gives the number of lines that the database will never take.

    A line whose key is stored already is passed over, so that a batch of which nobody knows
    whether it was stored may be written again. Raises `TryAgain` while the database is away.
    """
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
    try:
        with transaction.atomic():
            _store(pulls, organization_ids)
    except (OperationalError, InterfaceError) as error:
        if not connection.in_atomic_block:
            connection.close()
        raise TryAgain(str(error)) from error
    except (DatabaseError, ValueError) as error:
        new = _not_stored(pulls) if isinstance(error, IntegrityError) else pulls
        if len(new) < len(pulls):
            return write(new, organization_ids)
        # One line spoils its batch: one of a bug's, or one that another process just wrote.
        if len(pulls) == 1:
            return _spoilt(pulls[0])
        middle = len(pulls) // 2
        return write(pulls[:middle], organization_ids) + write(pulls[middle:], organization_ids)
    return 0


def _spoilt(pull: Pull) -> int:
    if PullLogEntry.objects.filter(key=pull.key).exists():
        return 0
    log.exception("pull_log_line_refused", key=str(pull.key))
    return 1


def _not_stored(pulls: Sequence[Pull]) -> list[Pull]:
    keys = [pull.key for pull in pulls]
    stored = set(PullLogEntry.objects.filter(key__in=keys).values_list("key", flat=True))
    return [pull for pull in pulls if pull.key not in stored]


def _store(pulls: Sequence[Pull], organization_ids: OrganizationIds) -> None:
    ids = organization_ids({pull.organization for pull in pulls if pull.organization})
    once = {pull.key: pull for pull in pulls}.values()
    rows = [_row(pull, ids) for pull in once]
    # Anybody may ask anonymously, as often as they like: that is counted, not kept line by line.
    _insert([row for row in rows if row["subject_kind"] != ANONYMOUS])
    _count(rows)


def _insert(rows: Sequence[Row]) -> None:
    if connection.vendor != "postgresql":
        PullLogEntry.objects.bulk_create(PullLogEntry(**row) for row in rows)
        return
    # A tenth of the work of INSERT, which would take more of a worker than the decisions do.
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(COPY) as copy,
    ):
        for row in rows:
            copy.write_row([row[column] for column in COLUMNS])


def _row(pull: Pull, ids: Mapping[str, int]) -> Row:
    return {
        "key": pull.key,
        "at": pull.at,
        "organization_id": ids.get(pull.organization or "", UNDECIDED),
        "subject_kind": pull.subject_kind,
        "subject_id": _text("subject_id", pull.subject_id),
        "action": _text("action", pull.action),
        "image": _text("image", pull.image),
        "repository": _text("repository", pull.repository),
        "category": pull.category,
        "rule": pull.rule,
        "own_rule": pull.own_rule,
        "would_have": pull.would_have,
        "allowed": pull.allowed,
        "policy_version": pull.policy_version,
        "protocol": pull.protocol,
        "registry": pull.registry,
        "client": _text("client", pull.client),
        "address": _ip_address(pull.address),
        "request_id": _text("request_id", pull.request_id),
    }


def _text(field: str, text: str) -> str:
    """A text as a column takes it: people send anything, NUL and half characters too."""
    text = text[: LONGEST[field]]
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


@lru_cache(4096)
def _ip_address(text: str | None) -> str | None:
    try:
        return str(ip_address(text or ""))
    except ValueError:
        return None


def _count(rows: Iterable[Row]) -> None:
    """Add to the daily counts, in one order, so that no two processes wait for each other."""
    counts = Counter(_daily_key(row) for row in rows)
    fields = [DailyPulls._meta.get_field(name) for name in DAILY_KEY]
    with connection.cursor() as cursor:
        cursor.executemany(
            ADD_TO_DAY,
            [
                (*_prepared(fields, key), count)
                for key, count in sorted(counts.items(), key=lambda item: str(item[0]))
            ],
        )


def _daily_key(row: Row) -> tuple[Any, ...]:
    day = row | {"date": row["at"].astimezone(UTC).date()}
    if row["organization_id"] == UNDECIDED:
        # What no organization decided may be any word at all.
        day |= {"subject_id": "", "repository": "", "action": ""}
    return tuple(day[name] for name in DAILY_KEY)


def _prepared(fields: Sequence[Any], key: tuple[Any, ...]) -> list[Any]:
    return [
        field.get_db_prep_save(value, connection) for field, value in zip(fields, key, strict=True)
    ]
