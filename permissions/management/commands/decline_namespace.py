from typing import Any

from django.core.management.base import CommandParser

from orgs.actor import Actor
from orgs.commands import OperationCommand
from permissions.management.requests import add_number, request_with
from permissions.namespace_operations import decline_namespace


class Command(OperationCommand):
    help = "Refuse an organization a namespace that it has asked for, and tell its owners why."

    def add_arguments(self, parser: CommandParser) -> None:
        add_number(parser)
        parser.add_argument("reason", help="what the owners will read, a sentence or two")

    def handle(self, *args: Any, **options: Any) -> None:
        asked = request_with(options["number"])
        decline_namespace(Actor.site_staff(), asked.organization, asked, options["reason"])
        self.stdout.write(f"{asked.organization} does not get {asked}.")
