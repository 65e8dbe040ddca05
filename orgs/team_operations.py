"""Every change to teams themselves, one function each, the actor first."""

from django.core.exceptions import ValidationError

from orgs.actor import Actor, Invalid
from orgs.events import announce, let_go_of, reasons_to_keep
from orgs.models import OWNERS, Organization, Team
from orgs.queries import team_of
from orgs.transactions import (
    existing_team,
    operation,
    record_change,
    require_owner,
    sentence_of,
)


@operation
def create_team(
    actor: Actor,
    organization: Organization,
    name: str,
    *,
    description: str = "",
    can_push: bool = False,
) -> Team:
    """Make an empty team. Raises `Invalid` for a name that is taken or malformed."""
    require_owner(actor, organization, "create teams")
    team = Team(organization=organization, name=name, description=description, can_push=can_push)
    _check(team)
    team.save(force_insert=True)
    record_change(actor, organization, "team.created", name, after={"can_push": can_push})
    announce([organization])
    return team


@operation
def change_team(
    actor: Actor,
    organization: Organization,
    team_name: str,
    *,
    name: str,
    description: str,
    can_push: bool,
) -> Team:
    """Rename and describe a team, and say whether it may push. Returns the team.

    Raises `Invalid` for the built-in team, and for a name that is taken or malformed.
    """
    require_owner(actor, organization, "change teams")
    team = _changeable(organization, team_name)
    wished = {"name": name, "description": description, "can_push": can_push}
    before = {field: getattr(team, field) for field in wished}
    changed = sorted(field for field in wished if before[field] != wished[field])
    if not changed:
        return team
    for field in changed:
        setattr(team, field, wished[field])
    _check(team)
    team.save(update_fields=changed)
    record_change(
        actor,
        organization,
        "team.changed",
        team_name,
        before={field: before[field] for field in changed},
        after={field: wished[field] for field in changed},
    )
    announce([organization])
    return team


@operation
def delete_team(actor: Actor, organization: Organization, team_name: str) -> None:
    """Delete a team; its members stay members of the organization.

    Raises `Invalid` for the built-in team, and while anything still depends on the team: to
    delete a block with the team it is for would let through what it refuses.
    """
    require_owner(actor, organization, "delete teams")
    team = _changeable(organization, team_name)
    reasons = reasons_to_keep(team)
    if reasons:
        raise Invalid(" ".join(reasons))
    before = {"members": team.team_memberships.count(), "can_push": team.can_push}
    let_go_of(team)
    team.delete()
    record_change(actor, organization, "team.deleted", team_name, before=before)
    announce([organization])


def _changeable(organization: Organization, team_name: str) -> Team:
    team = existing_team(organization, team_name)
    if team.is_owners:
        raise Invalid(f"The team {OWNERS} is built in: it can't be renamed, changed or deleted.")
    return team


def _check(team: Team) -> None:
    found = team_of(team.organization, team.name)
    if found is not None and found.pk != team.pk:
        raise Invalid(f"A team of this name already exists in {team.organization}.")
    try:
        team.full_clean()
    except ValidationError as error:
        raise Invalid(sentence_of(error)) from error
