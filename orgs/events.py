"""What rooms above this one are told.

`changed` is sent inside the transaction of every operation that can change who may do what.
A receiver's writes commit with the operation or not at all.
"""

from collections.abc import Iterable

from django.dispatch import Signal

from orgs.models import Organization

changed = Signal()


def announce(organizations: Iterable[Organization]) -> None:
    """Tell that decisions of these organizations may have changed."""
    changed.send(sender=Organization, organizations=list(organizations))
