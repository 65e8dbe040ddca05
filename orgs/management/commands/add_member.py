from typing import Any

from django.core.management.base import CommandParser

from orgs.actor import Actor
from orgs.commands import OperationCommand, existing_organization, existing_user
from orgs.member_operations import add_member


class Command(OperationCommand):
    help = "Make a user a member of an organization, and of teams in it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organization")
        parser.add_argument("username")
        parser.add_argument("--team", action="append", default=[], help="owners, for instance")

    def handle(self, *args: Any, **options: Any) -> None:
        organization = existing_organization(options["organization"])
        user = existing_user(options["username"])
        add_member(Actor.site_staff(), organization, user, teams=options["team"])
        self.stdout.write(f"{user} is a member of {organization}.")
