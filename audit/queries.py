"""Reading the log. Every function starts from one organization's number."""

from django.db.models import QuerySet

from audit.models import AuditChain, AuditEntry
from audit.record import entry_hash


def entries_of(organization_id: int) -> QuerySet[AuditEntry]:
    """An organization's log, newest first."""
    return AuditEntry.objects.filter(organization_id=organization_id).order_by("-sequence")


def chains() -> list[int]:
    """The numbers of all organizations that have a log, and of the site."""
    return list(AuditChain.objects.order_by("pk").values_list("pk", flat=True))


def first_broken_link(organization_id: int) -> int | None:
    """The sequence number where an organization's chain of hashes stops to hold, or None.

    A row that was altered, removed or put in between breaks the chain at that row; one cut off
    the end breaks it at the number the chain's head still knows.
    """
    expected, previous = 1, "0" * 64
    for entry in AuditEntry.objects.filter(organization_id=organization_id).order_by("sequence"):
        if (entry.sequence, entry.previous_hash) != (expected, previous):
            return expected
        if entry.hash != entry_hash(entry):
            return expected
        expected, previous = expected + 1, entry.hash
    head = AuditChain.objects.filter(organization_id=organization_id).first()
    if head is not None and (head.sequence, head.hash) != (expected - 1, previous):
        return expected
    return None
