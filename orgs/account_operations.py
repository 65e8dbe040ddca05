"""What people change about their own account."""

from django.db import transaction

from orgs.actor import Actor
from orgs.events import announce
from orgs.models import User
from orgs.queries import (
    organizations_of,
    password_refresh_tokens_of,
    recovery_codes_of,
    second_factors_of,
)
from orgs.transactions import record_change, require_site_staff


def second_factor_added(actor: Actor, user: User, kind: str) -> None:
    """What follows from a second factor: registries take the password no longer (P9)."""
    _second_factor_changed(actor, user, "second_factor.added", kind)


def second_factor_removed(actor: Actor, user: User, kind: str) -> None:
    """What follows from the end of a second factor."""
    _second_factor_changed(actor, user, "second_factor.removed", kind)


def remove_second_factors(actor: Actor, user: User) -> int:
    """Let somebody in by their password alone who has lost everything else; how many there were."""
    require_site_staff(actor, "remove others' second factors")
    with transaction.atomic():
        factors = second_factors_of(user)
        removed = len(factors)
        for factor in factors:
            factor.delete()
        recovery_codes_of(user).delete()
    return removed


def recovery_codes_made(actor: Actor, user: User) -> None:
    """Note in the log that somebody has new recovery codes."""
    with transaction.atomic():
        record_change(actor, None, "recovery_codes.made", user.username)


def _second_factor_changed(actor: Actor, user: User, action: str, kind: str) -> None:
    with transaction.atomic():
        # When it ends, too: what a sign-in left behind in between must not come to life again.
        password_refresh_tokens_of(user).delete()
        record_change(actor, None, action, user.username, after={"kind": kind})
        announce(organizations_of(user))
