from typing import Any

from django.core.management.base import CommandParser

from orgs.actor import Actor
from orgs.commands import OperationCommand, existing_user
from orgs.operations import deactivate_user


class Command(OperationCommand):
    help = "Deactivate a user: in force at once, for every registry."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        user = existing_user(options["username"])
        deactivate_user(Actor.site_staff(), user)
        self.stdout.write(f"{user} is nobody's member now.")
