"""Who changes something."""

from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from orgs.models import User


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in person, or site staff at the command line (no user)."""

    name: str
    address: str | None
    user: User | None

    @classmethod
    def of_request(cls, request: HttpRequest) -> "Actor":
        """The person behind a request that a guard has let in."""
        assert isinstance(request.user, User)
        return cls(request.user.username, request.META.get("REMOTE_ADDR") or None, request.user)

    @classmethod
    def site_staff(cls) -> "Actor":
        """Whoever runs manage.py: being on the machine is their proof."""
        return cls("site staff", None, None)

    @classmethod
    def hubadmin(cls) -> "Actor":
        """Hubadmin itself, which does what has fallen due."""
        return cls("Hubadmin", None, None)


class NotAllowed(PermissionDenied):
    """The actor may not do this (403). The text tells them why, in one sentence."""


class Invalid(Exception):
    """What was asked can't be. The text names what was wrong and what to do."""
