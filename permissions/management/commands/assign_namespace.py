from typing import Any

from django.core.management.base import CommandError, CommandParser

from orgs.actor import Actor
from orgs.commands import OperationCommand, existing_organization
from permissions.namespace_operations import assign_namespace
from permissions.queries import stored_registry


class Command(OperationCommand):
    help = "Give an organization a namespace, on Docker Hub unless --service names a registry."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organization")
        parser.add_argument("path", help="acme, for docker.io/acme/*")
        parser.add_argument("--service", help="the connected registry on which it lies")

    def handle(self, *args: Any, **options: Any) -> None:
        organization = existing_organization(options["organization"])
        registry = stored_registry(options["service"]) if options["service"] else None
        if options["service"] and registry is None:
            raise CommandError(f"No registry {options['service']} is connected.")
        namespace = assign_namespace(Actor.site_staff(), organization, options["path"], registry)
        self.stdout.write(f"{organization} owns {namespace}.")
