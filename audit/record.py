"""The one way a change gets into the log."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from audit.models import AuditChain, AuditEntry

Values = dict[str, Any]


def record(
    *,
    organization_id: int,
    actor: str,
    address: str | None,
    action: str,
    target: str = "",
    before: Values | None = None,
    after: Values | None = None,
) -> AuditEntry:
    """Append one change to an organization's log, inside the caller's transaction.

    `before` and `after` hold only what changed, as JSON values. Raises
    `TransactionManagementError` outside a transaction: a change and its row commit together
    or not at all (P4).
    """
    (entry,) = record_each(
        organization_id=organization_id,
        actor=actor,
        address=address,
        action=action,
        targets=[target],
        before=before,
        after=after,
    )
    return entry


def record_each(
    *,
    organization_id: int,
    actor: str,
    address: str | None,
    action: str,
    targets: Sequence[str],
    before: Values | None = None,
    after: Values | None = None,
) -> list[AuditEntry]:
    """Append one and the same change to many targets, a row for each, as `record` does."""
    if not targets:
        return []
    AuditChain.objects.get_or_create(organization_id=organization_id)
    chain = AuditChain.objects.select_for_update().get(organization_id=organization_id)
    entries, now = [], timezone.now()
    for target in targets:
        entry = AuditEntry(
            organization_id=organization_id,
            sequence=chain.sequence + 1,
            at=now,
            actor=actor,
            action=action,
            target=target,
            before=before or {},
            after=after or {},
            address=address,
            previous_hash=chain.hash,
        )
        chain.sequence, chain.hash = entry.sequence, entry_hash(entry)
        entry.hash = chain.hash
        entries.append(entry)
    with transaction.atomic():
        # Whoever waits for a change hears of the last one, which is saved by itself.
        AuditEntry.objects.bulk_create(entries[:-1])
        entries[-1].save(force_insert=True)
        AuditChain.objects.filter(organization_id=organization_id).update(
            sequence=chain.sequence, hash=chain.hash
        )
    return entries


def entry_hash(entry: AuditEntry) -> str:
    """SHA-256, in hexadecimal, over everything the entry says and the hash before it."""
    content = {
        "organization_id": entry.organization_id,
        "sequence": entry.sequence,
        "at": _instant(entry.at),
        "actor": entry.actor,
        "action": entry.action,
        "target": entry.target,
        "before": entry.before,
        "after": entry.after,
        "address": entry.address,
        "previous_hash": entry.previous_hash,
    }
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _instant(at: datetime) -> str:
    return at.astimezone(timezone.get_default_timezone()).isoformat(timespec="microseconds")
