from typing import Any

from django.core.management.base import CommandParser

from orgs.actor import Actor
from orgs.commands import OperationCommand, existing_organization, existing_user
from orgs.member_operations import remove_members


class Command(OperationCommand):
    help = "End a user's membership of an organization."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organization")
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        organization = existing_organization(options["organization"])
        user = existing_user(options["username"])
        remove_members(Actor.site_staff(), organization, [user.username])
        self.stdout.write(f"{user} is not a member of {organization}.")
