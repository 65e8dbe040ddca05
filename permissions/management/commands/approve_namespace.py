from typing import Any

from django.core.management.base import CommandParser

from orgs.actor import Actor
from orgs.commands import OperationCommand
from permissions.management.requests import add_number, request_with
from permissions.namespace_operations import approve_namespace


class Command(OperationCommand):
    help = "Give an organization a namespace that it has asked for, and tell its owners."

    def add_arguments(self, parser: CommandParser) -> None:
        add_number(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        asked = request_with(options["number"])
        namespace = approve_namespace(Actor.site_staff(), asked.organization, asked)
        self.stdout.write(f"{asked.organization} owns {namespace}.")
