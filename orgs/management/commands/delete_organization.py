from typing import Any

from django.core.management.base import CommandParser

from orgs.actor import Actor
from orgs.commands import OperationCommand, existing_organization
from orgs.deletion_operations import ask_for_deletion


class Command(OperationCommand):
    help = "Let an organization be deleted when the days of grace are over, and tell its owners."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organization")

    def handle(self, *args: Any, **options: Any) -> None:
        ask_for_deletion(Actor.site_staff(), existing_organization(options["organization"]))
        due = existing_organization(options["organization"]).deletion_due_at
        self.stdout.write(
            f"{options['organization']} will be deleted on {due:%Y-%m-%d %H:%M} UTC. "
            f"manage.py keep_organization {options['organization']} calls that off."
        )
