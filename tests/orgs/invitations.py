"""What the tests of invitations share."""

import re

from django.core import mail

LINK = re.compile(r"http://localhost:8000(/invitations/hubadmin_inv_\w+/)")


def link_to(address: str) -> str:
    """The path that the newest e-mail to an address leads to."""
    for message in reversed(mail.outbox):
        found = LINK.search(str(message.body))
        if message.to == [address] and found:
            return found[1]
    raise AssertionError(f"no invitation to {address} among {len(mail.outbox)} e-mails")
