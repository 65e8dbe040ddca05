"""Reading what belongs to one person's account alone."""

from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import QuerySet

from audit.found import Found
from audit.models import AuditEntry
from audit.queries import changes_about
from orgs.models import User

MOST_SESSIONS = 100
# What a person's security log tells: what anybody did to their account, and what they did with
# things of theirs that have names of their own.
ABOUT_AN_ACCOUNT = (
    "email.added",
    "email.made_primary",
    "email.removed",
    "email.verified",
    "identity.connected",
    "identity.disconnected",
    "recovery_codes.made",
    "second_factor.added",
    "second_factor.removed",
    "session.all_others_ended",
    "session.ended",
    "user.appointed_staff",
    "user.created",
    "user.deactivated",
    "user.dismissed_staff",
    "user.password_changed",
    "user.password_set",
    "user.reactivated",
    "user.renamed",
    "user.signed_in",
    "user.signed_up",
)
WITH_ONES_OWN = ("personal_token.created", "personal_token.revoked", "refresh_token.revoked")


def noted_sessions_of(user: User) -> QuerySet[Any]:
    """What is noted of a person's sessions, whether they still live or not."""
    found: QuerySet[Any] = UserSession.objects.filter(user=user)
    return found


def sessions_of(user: User, now: datetime) -> list[Any]:
    """Where a person is signed in at the moment, the latest sign-in first."""
    alive = Session.objects.filter(expire_date__gt=now).values("session_key")
    found = noted_sessions_of(user).filter(session_key__in=alive)
    return list(found.order_by("-created_at", "-pk")[:MOST_SESSIONS])


def dead_sessions(now: datetime) -> QuerySet[Any]:
    """What is noted of sessions that have ended."""
    alive = Session.objects.filter(expire_date__gt=now).values("session_key")
    found: QuerySet[Any] = UserSession.objects.exclude(session_key__in=alive)
    return found


def security_log_of(user: User, before: int | None, most: int) -> Found[AuditEntry]:
    """A page of what happened to a person's account, newest first."""
    return changes_about(user.username, ABOUT_AN_ACCOUNT, WITH_ONES_OWN, before, most)


def user_with_verified_address(email: str) -> User | None:
    """Whose address this is, if they have verified that it is."""
    found = EmailAddress.objects.select_related("user").filter(email=email.lower(), verified=True)
    address = found.first()
    return address.user if address else None
