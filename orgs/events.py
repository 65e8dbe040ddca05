"""What rooms above this one are told and asked.

All of it happens inside the transaction of an operation: a receiver's writes commit with it or
not at all.
"""

from collections.abc import Iterable
from typing import Any

from django.dispatch import Signal

from orgs.models import Organization, Team

# Sent by every operation that can change who may do what.
changed = Signal()
# Asked before a team is deleted: receivers answer with sentences that say why it can't be.
deletion_asked = Signal()
# Sent before a team's row goes, so that what is on record about it can let go of it.
team_going = Signal()


def announce(organizations: Iterable[Organization]) -> None:
    """Tell that decisions of these organizations may have changed."""
    changed.send(sender=Organization, organizations=list(organizations))


def reasons_to_keep(team: Team) -> list[str]:
    """Why a team can't be deleted, in sentences; none if it can."""
    answers: list[tuple[Any, Any]] = deletion_asked.send(sender=Team, team=team)
    return [reason for _, reasons in answers for reason in reasons]


def let_go_of(team: Team) -> None:
    """Tell that a team is about to be deleted."""
    team_going.send(sender=Team, team=team)
