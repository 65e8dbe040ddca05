from typing import Any

from django.core.management.base import CommandParser

from orgs.actor import Actor
from orgs.commands import OperationCommand, existing_user
from orgs.models import Organization
from orgs.operations import create_organization


class Command(OperationCommand):
    help = "Make an organization with its first owner."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--owner", required=True)
        parser.add_argument("--display-name", default="")
        parser.add_argument(
            "--plan", choices=Organization.Plan.values, default=Organization.Plan.BUSINESS
        )

    def handle(self, *args: Any, **options: Any) -> None:
        create_organization(
            Actor.site_staff(),
            name=options["name"],
            display_name=options["display_name"],
            owner=existing_user(options["owner"]),
            plan=options["plan"],
        )
        self.stdout.write(f"Made the organization {options['name']}.")
