from typing import Any

from django.core.management.base import CommandParser
from django_scopes import scope

from orgs.commands import OperationCommand, existing_organization
from orgs.invitation_models import Invitation
from orgs.invitation_queries import every_waiting


class Command(OperationCommand):
    help = "List the invitations to an organization that wait to be accepted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organization")

    def handle(self, *args: Any, **options: Any) -> None:
        organization = existing_organization(options["organization"])
        with scope(organization=organization):
            for invitation in every_waiting(organization):
                self.stdout.write(_line(invitation))


def _line(invitation: Invitation) -> str:
    teams = ", ".join(team.name for team in invitation.teams.all())
    into = f", into {teams}" if teams else ""
    until = f"{invitation.expires_at:%Y-%m-%d %H:%M} UTC"
    return f"{invitation.public_id}  {invitation}{into}, by {invitation.invited_by}, until {until}"
