"""Reading the log. Every function starts from one organization's number."""

from django.db.models import QuerySet

from audit.models import AuditChain, AuditEntry
from audit.record import entry_hash


def entries_of(organization_id: int) -> QuerySet[AuditEntry]:
    """An organization's log, newest first."""
    return AuditEntry.objects.filter(organization_id=organization_id).order_by("-sequence")


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
