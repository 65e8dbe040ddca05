"""An organization's pulls of the last days, added up by who, what and how it was decided.

A million daily counts take seconds to add up. So, of organizations that have many, the days that
are over are added up once and packed, a few bytes for each sum. A pull that is counted later for
such a day leaves what was packed empty until it is made again: it holds what the counts hold, or
nothing.
"""

import json
import zlib
from array import array
from collections.abc import Collection, Iterable, Iterator
from datetime import date, timedelta
from typing import TypeAlias

import structlog
from django.db import OperationalError, connection, transaction
from django.db.models import Count, Q, QuerySet, Sum

from audit.models import UNDECIDED, DailyPulls, SummedPulls

log = structlog.get_logger(__name__)

DAYS = timedelta(days=30)
"""How far back pulls are added up."""
WORTH_PACKING = 5_000
"""How many daily counts an organization must have: fewer are added up in a moment."""

# In quotes, as Python 3.11 knows no `array[int]`.
Column: TypeAlias = "array[int]"
Row: TypeAlias = tuple[str, str, str, str, bool, int]
"""Kind and name of a subject, repository, rule, whether it allowed, and how often."""
Numbers: TypeAlias = "tuple[Column, Column, Column]"

_A_DAY = timedelta(days=1)
_SUBJECTS, _ANSWERS, _COUNTS = "I", "H", "Q"
_COLUMNS = ("subject_kind", "subject_id", "repository", "rule", "allowed")


class PullSums:
    """How often whom pulled what, and how that was decided.

    A subject (its kind, a space and its name, which are one text as there may be many) and an
    answer (rule, and whether it allowed) are known by numbers, which `subjects` and `answers`
    give. `repositories` has for each repository what was added at once, in three columns: numbers
    of subjects, numbers of answers, and how often.
    """

    def __init__(self) -> None:
        self.subjects: dict[str, int] = {}
        self.answers: dict[tuple[str, bool], int] = {}
        self.repositories: dict[str, list[Numbers]] = {}

    def add(self, rows: Iterable[Row]) -> None:
        """Add counts; what is added later is kept apart from what was before."""
        added: dict[str, Numbers] = {}
        for kind, name, repository, rule, allowed, count in rows:
            if repository not in added:
                added[repository] = (array(_SUBJECTS), array(_ANSWERS), array(_COUNTS))
            subjects, answers, counts = added[repository]
            subjects.append(self.subjects.setdefault(f"{kind} {name}", len(self.subjects)))
            answers.append(self.answers.setdefault((rule, allowed), len(self.answers)))
            counts.append(count)
        for repository, numbers in added.items():
            self.repositories.setdefault(repository, []).append(numbers)

    def pack(self) -> bytes:
        """As few bytes, from which the same is made in a moment."""
        parts = [(name, part) for name, parts in self.repositories.items() for part in parts]
        head = {
            "subjects": list(self.subjects),
            "answers": list(self.answers),
            "repositories": [name for name, _ in parts],
            "lengths": [len(part[0]) for _, part in parts],
        }
        columns = zip(*(part for _, part in parts), strict=True)
        body = b"".join(part.tobytes() for column in columns for part in column)
        return zlib.compress(json.dumps(head).encode() + b"\n" + body, level=1)

    @classmethod
    def unpacked(cls, packed: bytes | memoryview) -> "PullSums":
        """What was packed, on a machine whose numbers are written alike."""
        head, _, body = zlib.decompress(packed).partition(b"\n")
        names, sums = json.loads(head), cls()
        sums.subjects = {subject: number for number, subject in enumerate(names["subjects"])}
        sums.answers = {(rule, allowed): n for n, (rule, allowed) in enumerate(names["answers"])}
        lengths = names["lengths"]
        columns, start = list(_columns(body, sum(lengths))), 0
        for name, length in zip(names["repositories"], lengths, strict=True):
            end = start + length
            subjects, answers, counts = (column[start:end] for column in columns)
            sums.repositories.setdefault(name, []).append((subjects, answers, counts))
            start = end
        return sums


def pulls_since(organization_id: int, since: date) -> PullSums:
    """An organization's pulls from a day (UTC) on."""
    counts = _counts(organization_id, since)
    packed = SummedPulls.objects.filter(
        organization_id=organization_id,
        since__range=(since, since + _A_DAY),
        packed__isnull=False,
    ).last()
    if packed is None or packed.packed is None:
        sums = PullSums()
        sums.add(_added_up(counts))
        return sums
    sums = PullSums.unpacked(packed.packed)
    others = counts.filter(Q(date__lt=packed.since) | Q(date__gte=packed.until))
    sums.add(others.values_list(*_COLUMNS, "count"))
    return sums


def pack_pulls(today: date) -> int:
    """Add up the days that are over for organizations that pull much, and forget what was added up
    of earlier days. Returns for how many: those only of whom it was not done yet.

    The first of the days is left out, so that tomorrow, too, what is packed is of use.
    """
    SummedPulls.objects.filter(since__lt=today - DAYS).delete()
    since = today - DAYS + _A_DAY
    wanted = [
        SummedPulls.objects.get_or_create(
            organization_id=organization_id, since=since, defaults={"until": today}
        )[0].pk
        for organization_id in _pulling_much(since, today)
    ]
    missing = SummedPulls.objects.filter(pk__in=wanted, packed__isnull=True)
    if not missing or not _writers_know():
        return 0
    for sums in missing:
        _pack(sums.pk)
    return len(missing)


def outdate(organization_ids: Collection[int], first: date, last: date) -> None:
    """Empty what was packed of these organizations and days, as pulls were added to them.

    To be called in the transaction that adds them.
    """
    # Without looking at whether it is empty: while it is made, whoever makes it is waited for.
    SummedPulls.objects.filter(
        organization_id__in=organization_ids, since__lte=last, until__gt=first
    ).update(packed=None)


def _counts(organization_id: int, since: date) -> QuerySet[DailyPulls]:
    pulls = DailyPulls.objects.filter(organization_id=organization_id, date__gte=since)
    return pulls.filter(action="pull").exclude(repository="")


def _added_up(counts: QuerySet[DailyPulls]) -> Iterable[Row]:
    sums = counts.values(*_COLUMNS).annotate(total=Sum("count")).order_by()
    rows: Iterable[Row] = sums.values_list(*_COLUMNS, "total").iterator(chunk_size=10_000)
    return rows


def _columns(body: bytes, length: int) -> "Iterator[Column]":
    start = 0
    for kind in (_SUBJECTS, _ANSWERS, _COUNTS):
        column = array(kind)
        end = start + length * column.itemsize
        column.frombytes(body[start:end])
        yield column
        start = end


def _pulling_much(since: date, until: date) -> list[int]:
    counts = DailyPulls.objects.filter(date__gte=since, date__lt=until)
    many = (
        counts.exclude(organization_id=UNDECIDED)
        .values("organization_id")
        .annotate(rows=Count("pk"))
        .filter(rows__gte=WORTH_PACKING)
    )
    return list(many.values_list("organization_id", flat=True))


def _writers_know() -> bool:
    """Wait for whoever counts pulls and could not see yet that these days are being added up."""
    if connection.vendor != "postgresql":
        return True  # one writes at a time
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            # Others wait behind us. It is tried again by the next task.
            cursor.execute("SET LOCAL lock_timeout = '1s'")
            cursor.execute("LOCK TABLE audit_dailypulls IN SHARE MODE")
    except OperationalError:
        log.warning("pulls_not_packed", reason="audit_dailypulls is locked")
        return False
    return True


def _pack(number: int) -> None:
    with transaction.atomic():
        sums, pulls = SummedPulls.objects.select_for_update().get(pk=number), PullSums()
        counts = _counts(sums.organization_id, sums.since)
        pulls.add(_added_up(counts.filter(date__lt=sums.until)))
        sums.packed = pulls.pack()
        sums.save(update_fields=["packed"])
