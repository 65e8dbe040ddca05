"""What every operation on one organization has in common."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django_scopes import scope

from audit.models import SITE
from audit.record import Values, record, record_each
from orgs.actor import Actor, Invalid, NotAllowed
from orgs.models import NAME_TAKEN, Organization, Team
from orgs.queries import active_owners, is_owner, is_site_staff, team_of

P = ParamSpec("P")
R = TypeVar("R")
Operation = Callable[Concatenate[Actor, Organization, P], R]


def operation(function: Operation[P, R]) -> Operation[P, R]:
    """One transaction inside the organization's scope, its row locked.

    Changes to one organization queue for that lock, so that what an operation has compared
    still holds when it writes.
    """

    @wraps(function)
    def run(actor: Actor, organization: Organization, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with transaction.atomic(), scope(organization=organization):
            locked = Organization.objects.select_for_update().get(pk=organization.pk)
            return function(actor, locked, *args, **kwargs)

    return run


def require_owner(actor: Actor, organization: Organization, to_do: str) -> None:
    """Raise `NotAllowed` unless the actor is an owner or site staff. `to_do` ends the sentence."""
    if actor.user is None or is_owner(organization, actor.user):
        return
    raise NotAllowed(
        f"Only owners of {organization.name} can {to_do}. Ask one of them to do it for you."
    )


def is_staff(actor: Actor) -> bool:
    """Whether the actor is site staff, on a page or at the command line."""
    return actor.user is None or is_site_staff(actor.user)


def require_site_staff(actor: Actor, to_do: str) -> None:
    """Raise `NotAllowed` unless the actor is site staff."""
    if is_staff(actor):
        return
    raise NotAllowed(f"Only site staff can {to_do}.")


def existing_team(organization: Organization, name: str) -> Team:
    """The organization's team of that name. Raises `Invalid` if there is none."""
    team = team_of(organization, name)
    if team is None:
        raise Invalid(f"{organization.name} has no team {name}.")
    return team


def require_active_owner(organization: Organization) -> None:
    """Raise `Invalid` if a change would leave nobody who can change settings."""
    if not active_owners(organization).exists():
        raise Invalid(
            f"{organization.name} would be left without an active owner. "
            "Make another member an owner first."
        )


def sentence_of(error: ValidationError | IntegrityError) -> str:
    """What the database or a model's validation refuses, in words for people."""
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    # What validation can't know: a name that somebody else took meanwhile, or had once.
    return NAME_TAKEN


def record_change(
    actor: Actor,
    organization: Organization | None,
    action: str,
    target: str = "",
    *,
    before: Values | None = None,
    after: Values | None = None,
) -> None:
    """Log a change to an organization, or (None) to the site itself."""
    record(
        organization_id=organization.pk if organization else SITE,
        actor=actor.name,
        address=actor.address,
        action=action,
        target=target,
        before=before,
        after=after,
    )


def record_change_to_each(
    actor: Actor,
    organization: Organization,
    action: str,
    targets: Sequence[str],
    *,
    after: Values | None = None,
) -> None:
    """Log the same change to many of an organization's people or things, all at once."""
    record_each(
        organization_id=organization.pk,
        actor=actor.name,
        address=actor.address,
        action=action,
        targets=targets,
        after=after,
    )
