from typing import Any

from django.core.management.base import CommandError, CommandParser

from orgs.actor import Actor
from orgs.commands import OperationCommand
from permissions.models import ConnectedRegistry
from permissions.registry_operations import disconnect_site_registry
from permissions.registry_queries import (
    namespaces_of_all_on,
    site_registry,
    waiting_requests_on,
)


class Command(OperationCommand):
    help = "Disconnect a registry of the whole site; asks first, as others' namespaces may go too."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("service")
        parser.add_argument("--no-input", action="store_true", help="don't ask")

    def handle(self, *args: Any, **options: Any) -> None:
        service = options["service"]
        registry = site_registry(service)
        if registry is None:
            raise CommandError(f"No registry {service} is connected for the whole site.")
        if not options["no_input"]:
            self._ask(registry)
        disconnect_site_registry(Actor.site_staff(), service)
        self.stdout.write(f"No registry {service} serves the whole site any more.")

    def _ask(self, registry: ConnectedRegistry) -> None:
        self.stdout.write(f"{registry.host} will be disconnected for everybody. What goes with it:")
        for namespace in namespaces_of_all_on(registry):
            self.stdout.write(f"  the namespace {namespace} of {namespace.organization}")
        for asked in waiting_requests_on(registry):
            self.stdout.write(f"  the request of {asked.organization} for {asked}")
        try:
            typed = input(f"Type {registry.service} to go on: ")
        except EOFError as error:
            raise CommandError("Nobody answered. With --no-input it does not ask.") from error
        if typed != registry.service:
            raise CommandError("Nothing is disconnected.")
