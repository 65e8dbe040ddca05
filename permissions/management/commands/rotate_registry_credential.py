from typing import Any

from django.core.management.base import CommandError, CommandParser

from orgs.actor import Actor
from orgs.commands import OperationCommand
from permissions.queries import stored_registry
from permissions.registry_operations import issue_registry_credential


class Command(OperationCommand):
    help = "End a connected registry's credential and make another; prints it once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("service")

    def handle(self, *args: Any, **options: Any) -> None:
        registry = stored_registry(options["service"])
        if registry is None:
            raise CommandError(f"No registry {options['service']} is connected.")
        self.stdout.write(issue_registry_credential(Actor.site_staff(), registry))
