from typing import Any

from django.core.management.base import CommandParser

from orgs.actor import Actor
from orgs.commands import OperationCommand, existing_user
from orgs.operations import dismiss_staff


class Command(OperationCommand):
    help = "End that a user is site staff."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        user = existing_user(options["username"])
        dismiss_staff(Actor.site_staff(), user)
        self.stdout.write(f"{user.username} is site staff no more.")
