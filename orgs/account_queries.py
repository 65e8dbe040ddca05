"""Reading what belongs to one person's account alone."""

from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import QuerySet

from orgs.models import User

MOST_SESSIONS = 100


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


def user_with_verified_address(email: str) -> User | None:
    """Whose address this is, if they have verified that it is."""
    found = EmailAddress.objects.select_related("user").filter(email=email.lower(), verified=True)
    address = found.first()
    return address.user if address else None
