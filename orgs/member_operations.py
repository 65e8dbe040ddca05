"""Every change to who is a member and in which teams, one function each, the actor first."""

from collections.abc import Iterable

from orgs.actor import Actor, Invalid, NotAllowed
from orgs.events import announce
from orgs.models import Membership, Organization, Team, TeamMembership, User
from orgs.queries import member_of, members_named
from orgs.transactions import (
    existing_team,
    operation,
    record_change,
    require_active_owner,
    require_owner,
)


@operation
def add_member(
    actor: Actor, organization: Organization, user: User, *, teams: Iterable[str] = ()
) -> Membership:
    """Make a user a member, in these teams. Adding a member again adds only teams."""
    require_owner(actor, organization, "add members")
    found = [existing_team(organization, name) for name in teams]
    membership, created, joined = admit(organization, user, found)
    if created or joined:
        action = "member.added" if created else "member.teams_changed"
        record_change(actor, organization, action, user.username, after={"joined": joined})
        announce([organization])
    return membership


def admit(
    organization: Organization, user: User, teams: Iterable[Team]
) -> tuple[Membership, bool, list[str]]:
    """Make a user a member, in these teams, for an operation that has checked and will log it.

    Returns the membership, whether it is new, and the names of the teams that are.
    """
    membership, created = Membership.objects.get_or_create(organization=organization, user=user)
    return membership, created, _join(membership, teams)


@operation
def change_teams(
    actor: Actor,
    organization: Organization,
    user: User,
    *,
    join: Iterable[str] = (),
    leave: Iterable[str] = (),
) -> None:
    """Put a member into teams and take them out of others; what is so already stays so.

    Raises `Invalid` for somebody who is no member, and for the last active owner.
    """
    require_owner(actor, organization, "change teams")
    (membership,) = _members(organization, [user.username])
    joining = [existing_team(organization, name) for name in join]
    leaving = [existing_team(organization, name) for name in leave]
    if _move(actor, organization, membership, joining, leaving):
        require_active_owner(organization)
        announce([organization])


@operation
def add_to_team(
    actor: Actor, organization: Organization, team_name: str, usernames: Iterable[str]
) -> list[str]:
    """Put members into a team, all or none; into `owners`, that makes them owners.

    Returns who was not in it before. Raises `Invalid` if one of them is no member.
    """
    require_owner(actor, organization, "change teams")
    team = existing_team(organization, team_name)
    members = _members(organization, usernames)
    moved = [one.user.username for one in members if _move(actor, organization, one, [team], [])]
    if moved:
        announce([organization])
    return moved


@operation
def take_out_of_team(
    actor: Actor, organization: Organization, team_name: str, usernames: Iterable[str]
) -> list[str]:
    """Take members out of a team, all or none; they stay members of the organization.

    Returns who was in it. Raises `Invalid` if no active owner would be left.
    """
    require_owner(actor, organization, "change teams")
    team = existing_team(organization, team_name)
    members = members_named(organization, usernames)
    moved = [one.user.username for one in members if _move(actor, organization, one, [], [team])]
    if moved:
        require_active_owner(organization)
        announce([organization])
    return moved


@operation
def remove_members(actor: Actor, organization: Organization, usernames: Iterable[str]) -> list[str]:
    """End memberships and what hangs on them, all or none. Returns whose.

    Raises `Invalid` if no active owner would be left.
    """
    require_owner(actor, organization, "remove members")
    gone = members_named(organization, usernames)
    for membership in gone:
        _end(actor, organization, membership, "member.removed", membership.user.username)
    if gone:
        require_active_owner(organization)
        announce([organization])
    return [membership.user.username for membership in gone]


@operation
def leave_organization(actor: Actor, organization: Organization) -> None:
    """End the actor's own membership. Raises `Invalid` for the last active owner."""
    membership = member_of(organization, actor.name) if actor.user is not None else None
    if membership is None:
        raise NotAllowed(f"Only members of {organization.name} can leave it.")
    _end(actor, organization, membership, "member.left")
    require_active_owner(organization)
    announce([organization])


def _end(
    actor: Actor, organization: Organization, membership: Membership, action: str, target: str = ""
) -> None:
    teams = sorted(team.name for team in membership.teams.all())
    membership.delete()
    record_change(actor, organization, action, target, before={"teams": teams})


def _members(organization: Organization, usernames: Iterable[str]) -> list[Membership]:
    wanted = list(usernames)
    found = list(members_named(organization, wanted))
    strangers = sorted(set(wanted) - {membership.user.username for membership in found})
    if strangers:
        raise Invalid(f"{organization.name} has no member {', '.join(strangers)}.")
    return found


def _move(
    actor: Actor,
    organization: Organization,
    membership: Membership,
    joining: Iterable[Team],
    leaving: Iterable[Team],
) -> bool:
    """Write and log what changes for one member; False if nothing does."""
    joined, left = _join(membership, joining), _leave(membership, leaving)
    if joined or left:
        record_change(
            actor,
            organization,
            "member.teams_changed",
            membership.user.username,
            before={"left": left} if left else None,
            after={"joined": joined} if joined else None,
        )
    return bool(joined or left)


def _join(membership: Membership, teams: Iterable[Team]) -> list[str]:
    joined = []
    for team in teams:
        _, new = TeamMembership.objects.get_or_create(
            organization_id=membership.organization_id, team=team, membership=membership
        )
        joined += [team.name] if new else []
    return joined


def _leave(membership: Membership, teams: Iterable[Team]) -> list[str]:
    left = []
    for team in teams:
        gone, _ = TeamMembership.objects.filter(team=team, membership=membership).delete()
        left += [team.name] if gone else []
    return left
