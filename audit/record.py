"""The one way a change gets into the log."""

import hashlib
import json
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
    AuditChain.objects.get_or_create(organization_id=organization_id)
    chain = AuditChain.objects.select_for_update().get(organization_id=organization_id)
    entry = AuditEntry(
        organization_id=organization_id,
        sequence=chain.sequence + 1,
        at=timezone.now(),
        actor=actor,
        action=action,
        target=target,
        before=before or {},
        after=after or {},
        address=address,
        previous_hash=chain.hash,
    )
    entry.hash = entry_hash(entry)
    with transaction.atomic():
        entry.save(force_insert=True)
        AuditChain.objects.filter(organization_id=organization_id).update(
            sequence=entry.sequence, hash=entry.hash
        )
    return entry


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
