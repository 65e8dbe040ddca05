"""The members as a file, with the columns of Docker Hub's."""

from collections.abc import Iterator
from itertools import chain

from audit.export import csv_file
from orgs.invitation_models import Invitation
from orgs.invitation_queries import every_waiting
from orgs.member_queries import every_member
from orgs.models import Membership, Organization

COLUMNS = ["Name", "Username", "Email", "Type", "Role", "Teams", "Date Joined"]


def member_file(organization: Organization) -> Iterator[str]:
    """The organization's members, and who is invited, as CSV in pieces."""
    members = (_row(one) for one in every_member(organization))
    invitees = (_invitee(one) for one in every_waiting(organization))
    return csv_file(COLUMNS, chain(members, invitees))


def _row(membership: Membership) -> list[str]:
    user, teams = membership.user, membership.teams.all()
    return [
        user.get_full_name(),
        user.username,
        user.email,
        "User",
        "Owner" if any(team.is_owners for team in teams) else "Member",
        ", ".join(sorted(team.name for team in teams)),
        membership.joined_at.isoformat(timespec="seconds"),
    ]


def _invitee(invitation: Invitation) -> list[str]:
    user = invitation.user
    return [
        user.get_full_name() if user else "",
        user.username if user else "",
        user.email if user else invitation.email,
        "Invitee",
        "Owner" if invitation.invites_owner else "Member",
        ", ".join(sorted(team.name for team in invitation.teams.all())),
        "",
    ]
