"""Every change to teams themselves, one function each, the actor first."""

from django.core.exceptions import ValidationError

from orgs.actor import Actor, Invalid
from orgs.events import announce
from orgs.models import Organization, Team
from orgs.transactions import operation, record_change, require_owner, sentence_of


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
    try:
        team.full_clean()
    except ValidationError as error:
        raise Invalid(sentence_of(error)) from error
    team.save(force_insert=True)
    record_change(actor, organization, "team.created", name, after={"can_push": can_push})
    announce([organization])
    return team
