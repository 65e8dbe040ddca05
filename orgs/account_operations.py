"""What people change about their own account."""

from django.db import transaction

from orgs.account_queries import noted_sessions_of
from orgs.actor import Actor, NotAllowed
from orgs.browsers import browser_name
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


def account_connected(actor: Actor, user: User, provider: str) -> None:
    """Note in the log that whoever is signed in at a provider gets into an account here."""
    with transaction.atomic():
        after = {"provider": provider}
        record_change(actor, None, "identity.connected", user.username, after=after)


def account_disconnected(actor: Actor, user: User, provider: str) -> None:
    """Note in the log that they no longer do."""
    with transaction.atomic():
        before = {"provider": provider}
        record_change(actor, None, "identity.disconnected", user.username, before=before)


def change_full_name(actor: Actor, user: User, full_name: str) -> None:
    """Set what others read beside a person's user name."""
    if actor.user != user:
        raise NotAllowed("Only you can change your profile.")
    before = user.get_full_name()
    user.first_name, _, user.last_name = full_name.partition(" ")
    if user.get_full_name() == before:
        return
    with transaction.atomic():
        user.save(update_fields=["first_name", "last_name"])
        record_change(
            actor,
            None,
            "user.renamed",
            user.username,
            before={"full_name": before},
            after={"full_name": user.get_full_name()},
        )


def end_session(actor: Actor, user: User, number: int) -> bool:
    """Sign a person out elsewhere. False if they have no such session."""
    if actor.user != user:
        raise NotAllowed("Only you can end your sessions.")
    with transaction.atomic():
        session = noted_sessions_of(user).filter(pk=number).first()
        if session is None:
            return False
        before = {"address": session.ip, "browser": browser_name(session.user_agent)}
        session.end()
        record_change(actor, None, "session.ended", user.username, before=before)
    return True


def end_other_sessions(actor: Actor, user: User, current: str) -> None:
    """Sign a person out wherever else they are: those too of which nothing is noted.

    The session with the key `current` must be given the user's new session hash.
    """
    if actor.user != user:
        raise NotAllowed("Only you can end your sessions.")
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        locked.session_generation += 1
        locked.save(update_fields=["session_generation"])
        user.session_generation = locked.session_generation
        for session in noted_sessions_of(user).exclude(session_key=current):
            session.end()
        record_change(actor, None, "session.all_others_ended", user.username)


def signed_in(actor: Actor, user: User, user_agent: str) -> None:
    """Note in the log that somebody has signed in as this person, and with which browser."""
    with transaction.atomic():
        after = {"browser": browser_name(user_agent)}
        record_change(actor, None, "user.signed_in", user.username, after=after)


def email_changed(actor: Actor, user: User, what: str, before: str, after: str) -> None:
    """Note in the log which address was `added`, `verified`, `made_primary` or `removed`."""
    with transaction.atomic():
        record_change(
            actor,
            None,
            f"email.{what}",
            user.username,
            before={"email": before} if before else None,
            after={"email": after} if after else None,
        )


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
