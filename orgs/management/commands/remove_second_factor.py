from typing import Any

from django.core.management.base import CommandParser

from orgs.account_operations import remove_second_factors
from orgs.actor import Actor
from orgs.commands import OperationCommand, existing_user


class Command(OperationCommand):
    help = "Let somebody who lost their second factor in by their password. Make sure who asks."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        user = existing_user(options["username"])
        removed = remove_second_factors(Actor.site_staff(), user)
        self.stdout.write(f"Removed {removed} second factors of {user.username}.")
