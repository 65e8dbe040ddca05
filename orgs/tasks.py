"""Background work about people."""

from smtplib import SMTPException
from typing import Any

from celery import Task, shared_task
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.mail import EmailMultiAlternatives, get_connection
from django.utils import timezone

from orgs.refresh_operations import delete_dead_refresh_tokens


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
    """Delete sessions that have ended; returns how many."""
    deleted, _ = Session.objects.filter(expire_date__lt=timezone.now()).delete()
    return deleted


@shared_task
def clear_dead_refresh_tokens() -> int:
    """Delete refresh tokens that nobody can use any more; returns how many."""
    return delete_dead_refresh_tokens(timezone.now())
