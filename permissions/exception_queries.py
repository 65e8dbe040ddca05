"""Reading what members have asked owners for."""

from django.db.models import QuerySet
from django_scopes import scope

from orgs.models import Organization, User
from permissions.exception_models import ExceptionRequest

State = ExceptionRequest.State


def waiting_exceptions(organization: Organization) -> QuerySet[ExceptionRequest]:
    """What active members wait for an answer to, the longest waiting first."""
    with scope(organization=organization):
        asked = ExceptionRequest.objects.select_related("user")
        members = organization.memberships.filter(user__is_active=True).values("user")
        return asked.filter(state=State.PENDING, user__in=members).order_by("asked_at", "pk")


def settled_exceptions(organization: Organization) -> QuerySet[ExceptionRequest]:
    """What was asked for and is settled, the last settled first."""
    with scope(organization=organization):
        asked = ExceptionRequest.objects.select_related("user", "own_rule__team", "own_rule__user")
        return asked.exclude(state=State.PENDING).order_by("-settled_at", "-pk")


def exceptions_asked_by(organization: Organization, user: User) -> QuerySet[ExceptionRequest]:
    """What one member has asked for in an organization, newest first."""
    with scope(organization=organization):
        asked = ExceptionRequest.objects.select_related("user", "own_rule__team", "own_rule__user")
        return asked.filter(user=user)


def exception_numbered(organization: Organization, number: int) -> ExceptionRequest | None:
    """The organization's request of that number, or None."""
    with scope(organization=organization):
        asked = ExceptionRequest.objects.select_related("user", "own_rule__team", "own_rule__user")
        return asked.filter(pk=number).first()


def last_exception_asked(
    organization: Organization, user: User, target: str
) -> ExceptionRequest | None:
    """What a member asked for last about one repository, or None."""
    return exceptions_asked_by(organization, user).filter(target=target).first()
