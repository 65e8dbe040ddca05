"""Storing a batch of the pull log: its lines and the daily counts, together or not at all."""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from ipaddress import ip_address
from typing import Any
from weakref import WeakKeyDictionary

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
from audit.pull_log import Decided, Pull, TryAgain
from audit.pull_sums import outdate

log = structlog.get_logger(__name__)

ANONYMOUS = "anonymous"
# Between so many lines the answers of this process, which wait for the interpreter, come first.
SLICE = 100
REST_SECONDS = 0.0005
LONGEST = {
    field.name: field.max_length or 0
    for field in PullLogEntry._meta.concrete_fields
    if isinstance(field, CharField)
}
Ids = Mapping[str, int]
OrganizationIds = Callable[[Collection[str]], Ids]
Row = dict[str, Any]

# In the order of `_copied_line` and `_of_decided`. The columns are our own; what people sent are
# data.
COLUMNS = """
    key, at, request_id, client, address, organization_id, subject_kind, subject_id, action, image,
    repository, category, rule, own_rule, would_have, allowed, policy_version, protocol, registry
"""
COPY = f"COPY audit_pulllogentry ({COLUMNS}) FROM STDIN"
_ORGANIZATION, _DATE = DAILY_KEY.index("organization_id"), DAILY_KEY.index("date")
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
    log.exception("pull_log_line_refused", key=pull.key)
    return 1


def _not_stored(pulls: Sequence[Pull]) -> list[Pull]:
    keys = [pull.key for pull in pulls]
    stored = {
        key.hex for key in PullLogEntry.objects.filter(key__in=keys).values_list("key", flat=True)
    }
    return [pull for pull in pulls if pull.key not in stored]


def _store(pulls: Sequence[Pull], organization_ids: OrganizationIds) -> None:
    names = {pull.decided.organization for pull in pulls}
    ids = organization_ids({name for name in names if name})
    once = {pull.key: pull for pull in pulls}.values()
    # Anybody may ask anonymously, as often as they like: that is counted, not kept line by line.
    _insert([pull for pull in once if pull.decided.subject_kind != ANONYMOUS], ids)
    _count(once, ids)


def _insert(pulls: Sequence[Pull], ids: Ids) -> None:
    if connection.vendor != "postgresql":
        PullLogEntry.objects.bulk_create(
            PullLogEntry(
                **_of_line(pull),
                organization_id=_id(pull.decided, ids),
                **_of_decided(pull.decided),
            )
            for pull in pulls
        )
        return
    # A tenth of the work of INSERT, which would take more of a worker than the decisions do.
    lines: list[str] = []
    for start in range(0, len(pulls), SLICE):
        some = pulls[start : start + SLICE]
        lines += [_copied_line(pull, _id(pull.decided, ids)) for pull in some]
        time.sleep(REST_SECONDS)
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(COPY) as copy,
    ):
        copy.write("".join(lines))


def _id(decided: Decided, ids: Ids) -> int:
    return ids.get(decided.organization or "", UNDECIDED)


def _of_line(pull: Pull) -> Row:
    return {
        "key": pull.key,
        "at": pull.at,
        "client": _text("client", pull.client),
        "address": _ip_address(pull.address),
        "request_id": _text("request_id", pull.request_id),
    }


def _of_decided(decided: Decided) -> Row:
    return {
        "subject_kind": decided.subject_kind,
        "subject_id": _text("subject_id", decided.subject_id),
        "action": _text("action", decided.action),
        "image": _text("image", decided.image),
        "repository": _text("repository", decided.repository),
        "category": decided.category,
        "rule": decided.rule,
        "own_rule": decided.own_rule,
        "would_have": decided.would_have,
        "allowed": decided.allowed,
        "policy_version": decided.policy_version,
        "protocol": decided.protocol,
        "registry": decided.registry,
    }


def _copied_line(pull: Pull, organization_id: int) -> str:
    """A line in COPY's text format."""
    at, decided, client, address, request_id, key = pull
    end = _copied_decided.get(decided)
    if end is None:
        end = _copied_decided[decided] = "\t".join(map(_copied, _of_decided(decided).values()))
    if not request_id.isalnum() or len(request_id) > LONGEST["request_id"]:
        request_id = _copied(_text("request_id", request_id))
    return (
        f"{key}\t{at}\t{request_id}\t{_copied_origin(client, address)}\t{organization_id}\t{end}\n"
    )


# The ends of lines, as long as somebody has what they say: the same questions come all the time.
_copied_decided: WeakKeyDictionary[Decided, str] = WeakKeyDictionary()


@lru_cache(4096)
def _copied_origin(client: str, address: str | None) -> str:
    return f"{_copied(_text('client', client))}\t{_copied(_ip_address(address))}"


def _copied(value: object) -> str:
    """A value in COPY's text format. Texts hold no control characters: see `_text`."""
    if value is None:
        return r"\N"
    text = str(value)
    return text.replace("\\", r"\\") if "\\" in text else text


def _text(field: str, text: str) -> str:
    """A text as a column takes it: people send anything, NUL and half characters too."""
    text = text[: LONGEST[field]]
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


def _ip_address(text: str | None) -> str | None:
    try:
        return str(ip_address(text or ""))
    except ValueError:
        return None


def _count(pulls: Iterable[Pull], ids: Ids) -> None:
    """Add to the daily counts, in one order, so that no two processes wait for each other."""
    counts: Counter[tuple[Any, ...]] = Counter()
    for (decided, day), count in Counter((one.decided, _day(one.at)) for one in pulls).items():
        counts[_daily_key(decided, _id(decided, ids), day)] += count
    fields = [DailyPulls._meta.get_field(name) for name in DAILY_KEY]
    with connection.cursor() as cursor:
        cursor.executemany(
            ADD_TO_DAY,
            [
                (*_prepared(fields, key), count)
                for key, count in sorted(counts.items(), key=lambda item: str(item[0]))
            ],
        )
    if counts:
        days = [key[_DATE] for key in counts]
        outdate({key[_ORGANIZATION] for key in counts}, min(days), max(days))


def _day(at: datetime) -> date:
    return at.date() if at.tzinfo is UTC else at.astimezone(UTC).date()


def _daily_key(decided: Decided, organization_id: int, day: date) -> tuple[Any, ...]:
    columns = _of_decided(decided) | {"organization_id": organization_id, "date": day}
    if organization_id == UNDECIDED:
        # What no organization decided may be any word at all.
        columns |= {"subject_id": "", "repository": "", "action": ""}
    return tuple(columns[name] for name in DAILY_KEY)


def _prepared(fields: Sequence[Any], key: tuple[Any, ...]) -> list[Any]:
    return [
        field.get_db_prep_save(value, connection) for field, value in zip(fields, key, strict=True)
    ]
