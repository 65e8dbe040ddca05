from typing import Any

from django.core.management.base import CommandParser

from orgs.actor import Actor
from orgs.commands import OperationCommand, existing_organization
from orgs.deletion_operations import keep_organization


class Command(OperationCommand):
    help = "Call the deletion of an organization off, and tell its owners."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organization")

    def handle(self, *args: Any, **options: Any) -> None:
        keep_organization(Actor.site_staff(), existing_organization(options["organization"]))
        self.stdout.write(f"{options['organization']} is not going to be deleted.")
