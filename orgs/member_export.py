"""The members as a file, with the columns of Docker Hub's."""

from collections.abc import Iterator

from audit.export import csv_file
from orgs.member_queries import every_member
from orgs.models import Membership, Organization

COLUMNS = ["Name", "Username", "Email", "Type", "Role", "Teams", "Date Joined"]


def member_file(organization: Organization) -> Iterator[str]:
    """The organization's members as CSV, in pieces."""
    return csv_file(COLUMNS, (_row(one) for one in every_member(organization)))


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
