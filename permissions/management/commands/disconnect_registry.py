from typing import Any

from django.core.management.base import CommandError, CommandParser

from orgs.actor import Actor
from orgs.commands import OperationCommand, existing_organization
from permissions.registry_operations import disconnect_registry
from permissions.registry_queries import connected_registry


class Command(OperationCommand):
    help = "Disconnect an organization's registry: its credential and the namespaces on it go."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organization")
        parser.add_argument("service")

    def handle(self, *args: Any, **options: Any) -> None:
        organization = existing_organization(options["organization"])
        if connected_registry(organization, options["service"]) is None:
            raise CommandError(f"{organization} has no registry {options['service']}.")
        disconnect_registry(Actor.site_staff(), organization, options["service"])
        self.stdout.write(f"{organization} has no registry {options['service']} any more.")
