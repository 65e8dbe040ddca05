from typing import Any

from django.core.management.base import CommandParser

from orgs.actor import Actor
from orgs.commands import OperationCommand, existing_organization
from orgs.team_operations import create_team


class Command(OperationCommand):
    help = "Make an empty team in an organization; add_member --team fills it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organization")
        parser.add_argument("team")
        parser.add_argument("--description", default="")
        parser.add_argument(
            "--can-push",
            action="store_true",
            help="its members may push to the organization's namespaces",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        organization = existing_organization(options["organization"])
        team = create_team(
            Actor.site_staff(),
            organization,
            options["team"],
            description=options["description"],
            can_push=options["can_push"],
        )
        self.stdout.write(f"{organization} has the team {team.name}.")
