"""Deleting an organization: asked for by an owner, done when the days of grace are over.

Until then nothing changes for anybody: decisions are what they were, so that a mistake costs
nothing and nobody lifts restrictions by it unseen.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from orgs.actor import Actor
from orgs.events import announce
from orgs.mail import write_to_owners
from orgs.models import Organization
from orgs.transactions import operation, record_change, require_owner

# How long before the end owners are told once more.
NEAR = timedelta(days=3)


@operation
def ask_for_deletion(actor: Actor, organization: Organization) -> None:
    """Let an organization be deleted when the days of grace are over, and tell its owners."""
    require_owner(actor, organization, "delete it")
    if organization.deletion_due_at is not None:
        return
    days = timedelta(days=settings.DELETION_DAYS)
    organization.deletion_due_at = timezone.now() + days
    organization.deletion_asked_by = actor.name
    # With few days of grace this is the near end already.
    organization.deletion_near_told = days <= NEAR
    _save_deletion(organization)
    due = organization.deletion_due_at.isoformat(timespec="seconds")
    record_change(actor, organization, "organization.deletion_asked", after={"due": due})
    write_to_owners(organization, "orgs/email/deletion_asked", {"actor": actor.name})


@operation
def keep_organization(actor: Actor, organization: Organization) -> None:
    """Call a deletion off, and tell the owners."""
    require_owner(actor, organization, "keep it")
    if organization.deletion_due_at is None:
        return
    due = organization.deletion_due_at.isoformat(timespec="seconds")
    organization.deletion_due_at = None
    organization.deletion_asked_by = ""
    organization.deletion_near_told = False
    _save_deletion(organization)
    record_change(actor, organization, "organization.kept", before={"due": due})
    write_to_owners(organization, "orgs/email/deletion_called_off", {"actor": actor.name})


@operation
def go_on_with_deletion(actor: Actor, organization: Organization, now: datetime) -> bool:
    """Tell the owners that the end is near, or delete what has fallen due; whether it did that.

    The log of changes stays, and so do the names: nobody gets the organization's again, nor the
    service name of one of its registries. Lines of the pull log end by their age.
    """
    due = organization.deletion_due_at
    if due is None:  # an owner was quicker
        return False
    if due <= now:
        _delete(actor, organization)
    elif due - now <= NEAR and not organization.deletion_near_told:
        organization.deletion_near_told = True
        _save_deletion(organization)
        write_to_owners(organization, "orgs/email/deletion_near", {})
    return due <= now


def _delete(actor: Actor, organization: Organization) -> None:
    write_to_owners(organization, "orgs/email/deleted", {})
    before = {"display_name": organization.display_name, "plan": organization.plan}
    record_change(actor, organization, "organization.deleted", before=before)
    # In the site's own log too, with the number under which the organization's is kept.
    number = {"number": organization.pk, "asked_for_by": organization.deletion_asked_by}
    record_change(actor, None, "organization.deleted", organization.name, before=number)
    announce([organization])
    organization.delete()


def _save_deletion(organization: Organization) -> None:
    organization.save(update_fields=["deletion_due_at", "deletion_asked_by", "deletion_near_told"])
