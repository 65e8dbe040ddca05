from typing import Any

from django.core.management.base import CommandParser

from orgs.actor import Actor
from orgs.commands import OperationCommand, existing_organization, existing_user
from orgs.member_operations import take_out_of_team


class Command(OperationCommand):
    help = "Take a member out of a team; they stay a member of the organization."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organization")
        parser.add_argument("team")
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        organization = existing_organization(options["organization"])
        user = existing_user(options["username"])
        take_out_of_team(Actor.site_staff(), organization, options["team"], [user.username])
        self.stdout.write(f"{user} is not in the team {options['team']} of {organization}.")
