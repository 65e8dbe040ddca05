from typing import Any

from django.core.management.base import CommandError, CommandParser

from orgs.actor import Actor
from orgs.commands import OperationCommand, existing_user
from orgs.models import Organization
from orgs.operations import create_organization
from orgs.queries import organization_at_docker_hub, organization_named


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
        _check_name_at_docker_hub(options["name"])
        create_organization(
            Actor.site_staff(),
            name=options["name"],
            display_name=options["display_name"],
            owner=existing_user(options["owner"]),
            plan=options["plan"],
        )
        self.stdout.write(f"Made the organization {options['name']}.")


def _check_name_at_docker_hub(name: str) -> None:
    """Raise `CommandError` if another organization took the name that the new one begins with."""
    holder = organization_at_docker_hub(name)
    if holder is not None and organization_named(name) is None:
        raise CommandError(
            f"{holder.name} gives {name} as its name at Docker Hub, where no two can have the "
            "same. One of its owners must change that under General first."
        )
