"""E-mail leaves by a worker, so that a slow mail server never holds up a page."""

from collections.abc import Mapping, Sequence

from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import EmailMessage, EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string

from orgs.models import Organization
from orgs.queries import active_owners


class QueuedEmailBackend(BaseEmailBackend):
    """Hands each message to the `deliver_email` task."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        from orgs.tasks import deliver_email

        for message in email_messages:
            deliver_email.delay(_as_data(message))
        return len(email_messages)


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
    shown = {**context, "organization": organization, "site": settings.SITE_URL}
    subject = render_to_string(f"{template}_subject.txt", shown).strip()
    letters = [
        EmailMessage(
            subject,
            render_to_string(f"{template}_message.txt", {**shown, "owner": owner}),
            to=[owner.email],
        )
        for owner in active_owners(organization)
    ]
    transaction.on_commit(lambda: _post(letters), robust=True)


def _post(letters: list[EmailMessage]) -> None:
    get_connection().send_messages(letters)
