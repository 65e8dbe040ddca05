from typing import Any

from django.core.management.base import CommandError, CommandParser

from orgs.actor import Actor
from orgs.commands import OperationCommand, existing_organization
from permissions.namespace_operations import release_namespace
from permissions.registry_queries import namespace_named


class Command(OperationCommand):
    help = "Take a namespace away from an organization: its images are the organization's no more."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organization")
        parser.add_argument("namespace", help="with its host: docker.io/acme")

    def handle(self, *args: Any, **options: Any) -> None:
        organization = existing_organization(options["organization"])
        namespace = namespace_named(organization, options["namespace"])
        if namespace is None:
            raise CommandError(f"{organization} does not own {options['namespace']}.")
        name = str(namespace)
        release_namespace(Actor.site_staff(), organization, namespace)
        self.stdout.write(f"{organization} does not own {name} any more.")
