"""E-mail leaves by a worker, so that a slow mail server never holds up a page."""

from collections.abc import Iterable, Mapping, Sequence
from smtplib import SMTPException
from typing import Any

import structlog
from celery import Task
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import EmailMessage, EmailMultiAlternatives
from django.db import transaction
from kombu.exceptions import OperationalError

from orgs.letters import letter
from orgs.models import Organization, User
from orgs.queries import active_owners

log = structlog.get_logger(__name__)


class QueuedEmailBackend(BaseEmailBackend):
    """Hands each message to the `deliver_email` task."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        from orgs.tasks import deliver_email

        for message in email_messages:
            data = _as_data(message)
            try:
                deliver_email.delay(data)
            except OperationalError:
                log.exception("mail_queue_unavailable")
                _deliver_now(deliver_email, data)
        return len(email_messages)


def _deliver_now(task: "Task[Any, Any]", data: dict[str, object]) -> None:
    """Send without the queue: the page waits, but the e-mail isn't lost for the queue's sake."""
    try:
        task.run(data)
    except (SMTPException, OSError):
        # Nobody can be told by e-mail; who waits for it asks again.
        log.exception("mail_not_sent")


def _as_data(message: EmailMessage) -> dict[str, object]:
    if message.attachments:
        raise ValueError("Messages with attachments can't be queued.")
    alternatives = message.alternatives if isinstance(message, EmailMultiAlternatives) else []
    return {
        "subject": message.subject,
        "body": message.body,
        "from_email": message.from_email,
        "to": list(message.to),
        "bcc": list(message.bcc),
        "cc": list(message.cc),
        "reply_to": list(message.reply_to),
        "headers": dict(message.extra_headers),
        "alternatives": [[str(content), str(kind)] for content, kind in alternatives],
    }


def write_to_owners(
    organization: Organization, template: str, context: Mapping[str, object]
) -> None:
    """Write to each active owner once the transaction has committed: `template` names a pair of
    files, its subject and its message. A change holds though its news may not get out."""
    letters = [
        letter(template, owner.email, {**context, "organization": organization, "owner": owner})
        for owner in active_owners(organization)
    ]
    post_on_commit(letters)


def post_on_commit(letters: Iterable[EmailMultiAlternatives]) -> None:
    """Send letters once the transaction has committed; only then are they drawn, if need be."""
    transaction.on_commit(lambda: _post(letters), robust=True)


def write_to_member(
    member: User, organization: Organization, template: str, context: Mapping[str, object]
) -> None:
    """Write to one member about what concerns them in an organization, as `write_to_owners`."""
    shown = {**context, "organization": organization, "member": member}
    post_on_commit([letter(template, member.email, shown)])


def _post(letters: Iterable[EmailMultiAlternatives]) -> None:
    get_connection().send_messages(list(letters))
