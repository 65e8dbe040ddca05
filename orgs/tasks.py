"""Background work about people."""

from smtplib import SMTPException
from typing import Any

import structlog
from celery import Task, shared_task
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import DatabaseError
from django.utils import timezone

from orgs.account_queries import dead_sessions
from orgs.actor import Actor
from orgs.deletion_operations import NEAR, go_on_with_deletion
from orgs.invitation_operations import clear_invitations
from orgs.member_queries import note_who_pulled
from orgs.queries import organizations_to_delete
from orgs.refresh_operations import delete_dead_refresh_tokens

log = structlog.get_logger(__name__)


@shared_task(
    bind=True,
    autoretry_for=(SMTPException, OSError),
    retry_backoff=5,
    retry_backoff_max=600,
    max_retries=8,
)
def deliver_email(self: "Task[Any, Any]", message: dict[str, Any]) -> None:
    """Send one message, trying for about an hour while the mail server is away."""
    EmailMultiAlternatives(
        **message, connection=get_connection(settings.HUBADMIN_EMAIL_DELIVERY)
    ).send()


@shared_task
def clear_expired_sessions() -> int:
    """Delete sessions that have ended, and what is noted of them; returns how many."""
    now = timezone.now()
    deleted, _ = Session.objects.filter(expire_date__lt=now).delete()
    dead_sessions(now).delete()
    return deleted


@shared_task
def clear_dead_refresh_tokens() -> int:
    """Delete refresh tokens that nobody can use any more; returns how many."""
    return delete_dead_refresh_tokens(timezone.now())


@shared_task
def delete_due_organizations() -> int:
    """Delete the organizations whose days of grace are over, and warn the owners of those whose
    are nearly; returns how many were deleted."""
    now, deleted = timezone.now(), 0
    for organization in organizations_to_delete(now + NEAR):
        try:
            deleted += go_on_with_deletion(Actor.hubadmin(), organization, now)
        except DatabaseError:
            # It is tried again in an hour; the others are not to wait for it.
            log.exception("organization_not_deleted", organization=organization.name)
    return deleted


@shared_task
def note_who_was_seen() -> int:
    """Bring *last seen* up to date for whoever opens no page; returns of how many people."""
    return note_who_pulled(timezone.now())


@shared_task
def clear_old_invitations() -> int:
    """Note which invitations have expired, and forget the long settled; returns how many."""
    return clear_invitations(timezone.now())
