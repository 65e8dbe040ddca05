"""Every change to who is a member and in which teams, one function each, the actor first."""

from collections.abc import Iterable

from orgs.actor import Actor, Invalid
from orgs.events import announce
from orgs.models import Membership, Organization, Team, TeamMembership, User
from orgs.queries import member_of, team_of
from orgs.transactions import operation, record_change, require_active_owner, require_owner


@operation
def add_member(
    actor: Actor, organization: Organization, user: User, *, teams: Iterable[str] = ()
) -> Membership:
    """Make a user a member, in these teams. Adding a member again adds only teams."""
    require_owner(actor, organization, "add members")
    found = [_team(organization, name) for name in teams]
    membership, created = Membership.objects.get_or_create(organization=organization, user=user)
    joined = []
    for team in found:
        _, new = TeamMembership.objects.get_or_create(
            organization=organization, team=team, membership=membership
        )
        joined += [team.name] if new else []
    if created or joined:
        action = "member.added" if created else "member.teams_changed"
        record_change(actor, organization, action, user.username, after={"joined": joined})
        announce([organization])
    return membership


@operation
def leave_team(actor: Actor, organization: Organization, user: User, team_name: str) -> None:
    """Take a member out of a team. Raises `Invalid` for the last active owner."""
    require_owner(actor, organization, "change teams")
    team = _team(organization, team_name)
    gone, _ = TeamMembership.objects.filter(team=team, membership__user=user).delete()
    if gone:
        require_active_owner(organization)
        record_change(
            actor, organization, "member.teams_changed", user.username, before={"left": team_name}
        )
        announce([organization])


@operation
def remove_member(actor: Actor, organization: Organization, user: User) -> None:
    """End a membership and what hangs on it. Raises `Invalid` for the last active owner."""
    require_owner(actor, organization, "remove members")
    membership = member_of(organization, user.username)
    if membership is None:
        return
    teams = sorted(team.name for team in membership.teams.all())
    membership.delete()
    require_active_owner(organization)
    record_change(actor, organization, "member.removed", user.username, before={"teams": teams})
    announce([organization])


def _team(organization: Organization, name: str) -> Team:
    team = team_of(organization, name)
    if team is None:
        raise Invalid(f"{organization.name} has no team {name}.")
    return team
