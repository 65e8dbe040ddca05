"""Reading the log. Every function starts from one organization's number."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from audit.found import Found, beginning_of, end_of
from audit.models import SITE, AuditChain, AuditEntry
from audit.record import entry_hash

SEARCHED_AT_ONCE = 20_000
"""How many entries a look for some text goes through, as no index helps to find it."""


@dataclass(frozen=True, slots=True)
class WantedChanges:
    """Which entries somebody wants to see; what is empty narrows nothing.

    Days are UTC's, both included; `text` is looked for in what was changed, before and after;
    `before` is the number of an entry, whose elders are wanted. What begins as one of `hidden`
    isn't the reader's to know.
    """

    actor: str = ""
    action: str = ""
    since: date | None = None
    until: date | None = None
    text: str = ""
    before: int | None = None
    hidden: Sequence[str] = ()


def changes_of(organization_id: int, wanted: WantedChanges, most: int) -> Found[AuditEntry]:
    """A page of an organization's log, newest first."""
    entries, start = _narrowed(organization_id, wanted), None
    if wanted.text:
        start = _look_back_to(entries)
        entries = _with_text(entries.filter(sequence__gte=start or 1), wanted.text)
    found = list(entries[: most + 1])
    if len(found) > most:
        return Found(found[:most], found[most - 1].sequence)
    return Found(found, start)


def _look_back_to(entries: QuerySet[AuditEntry]) -> int | None:
    """The number at which one look ends, or None if it reaches the first entry."""
    newest = entries.values_list("sequence", flat=True).first()
    start = (newest or 1) - SEARCHED_AT_ONCE + 1
    return start if entries.filter(sequence__lt=start).exists() else None


def _with_text(entries: QuerySet[AuditEntry], text: str) -> QuerySet[AuditEntry]:
    return entries.alias(was=Cast("before", TextField()), became=Cast("after", TextField())).filter(
        Q(target__icontains=text) | Q(was__icontains=text) | Q(became__icontains=text)
    )


def change_of(organization_id: int, sequence: int, hidden: Sequence[str]) -> AuditEntry | None:
    """One entry of an organization's log, if its reader may know of it."""
    entries = _narrowed(organization_id, WantedChanges(hidden=hidden))
    return entries.filter(sequence=sequence).first()


def _narrowed(organization_id: int, wanted: WantedChanges) -> QuerySet[AuditEntry]:
    entries = entries_of(organization_id)
    if wanted.actor:
        entries = entries.filter(actor=wanted.actor)
    if wanted.action:
        entries = entries.filter(action=wanted.action)
    if wanted.since:
        entries = entries.filter(at__gte=beginning_of(wanted.since))
    if wanted.until:
        entries = entries.filter(at__lt=end_of(wanted.until))
    if wanted.before is not None:
        entries = entries.filter(sequence__lt=wanted.before)
    for beginning in wanted.hidden:
        entries = entries.exclude(action__startswith=beginning)
    return entries


def entries_of(organization_id: int) -> QuerySet[AuditEntry]:
    """An organization's log, newest first."""
    return AuditEntry.objects.filter(organization_id=organization_id).order_by("-sequence")


def changes_about(
    person: str, to_them: Sequence[str], by_them: Sequence[str], before: int | None, most: int
) -> Found[AuditEntry]:
    """A page of what concerns one person in the site's log, newest first.

    Actions of `to_them` whoever did them, whose target the person is; of `by_them` their own.
    """
    entries = entries_of(SITE)
    if before is not None:
        entries = entries.filter(sequence__lt=before)
    # Two looks, each at an index of its own, instead of one at everybody's.
    looks = (
        entries.filter(target=person, action__in=to_them),
        entries.filter(actor=person, action__in=by_them),
    )
    found = [entry for look in looks for entry in look[: most + 1]]
    found.sort(key=lambda entry: -entry.sequence)
    return Found(found[:most], found[most - 1].sequence if len(found) > most else None)


def last_actor(organization_id: int, action: str) -> str:
    """The name of who did this last in an organization, as the log tells it."""
    last = entries_of(organization_id).filter(action=action).values_list("actor", flat=True)
    return last.first() or "somebody"


def chains() -> list[int]:
    """The numbers of all organizations that have a log, and of the site.

    Those whose chain has lost its head too: without it, the log would seem never to have been.
    """
    heads = AuditChain.objects.order_by().values_list("pk")
    entries = AuditEntry.objects.order_by().values_list("organization_id")
    return sorted(organization_id for (organization_id,) in heads.union(entries))


def first_broken_link(organization_id: int) -> int | None:
    """The sequence number where an organization's chain of hashes stops to hold, or None.

    A row that was altered, removed or put in between breaks the chain at that row; one cut off
    the end breaks it at the number the chain's head still knows, and one put behind the end at
    its own. Without a head it breaks at the first. What is appended meanwhile comes after the head
    that was read first: it is left to the next time.
    """
    head = _head(organization_id)
    entries = AuditEntry.objects.filter(organization_id=organization_id).order_by("sequence")
    if head is not None:
        entries = entries.filter(sequence__lte=head.sequence)
    expected, previous = 1, "0" * 64
    for entry in entries.iterator():
        if (entry.sequence, entry.previous_hash) != (expected, previous):
            return expected
        if entry.hash != entry_hash(entry):
            return expected
        expected, previous = expected + 1, entry.hash
    if head is not None and (head.sequence, head.hash) != (expected - 1, previous):
        return expected
    return _first_behind_the_head(organization_id)


def _first_behind_the_head(organization_id: int) -> int | None:
    newest = entries_of(organization_id).values_list("sequence", flat=True).first()
    # An entry and the head that knows it are committed together: a head read later knows it.
    head = _head(organization_id)
    known = head.sequence if head else 0
    return known + 1 if newest and newest > known else None


def _head(organization_id: int) -> AuditChain | None:
    return AuditChain.objects.filter(organization_id=organization_id).first()
