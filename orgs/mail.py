"""E-mail leaves by a worker, so that a slow mail server never holds up a page."""

from collections.abc import Sequence

from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import EmailMessage, EmailMultiAlternatives


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
