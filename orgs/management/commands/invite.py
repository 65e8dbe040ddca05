from typing import Any

from django.core.management.base import CommandParser

from orgs.actor import Actor
from orgs.commands import OperationCommand, existing_organization
from orgs.invitation_operations import invite


class Command(OperationCommand):
    help = "Invite people to an organization, by e-mail address or user name; they get an e-mail."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organization")
        parser.add_argument("people", nargs="+", help="e-mail addresses or user names")
        parser.add_argument("--team", action="append", default=[], help="owners, for instance")

    def handle(self, *args: Any, **options: Any) -> None:
        organization = existing_organization(options["organization"])
        lines = invite(Actor.site_staff(), organization, options["people"], teams=options["team"])
        for line in lines:
            self.stdout.write(f"{line.text}: {line.outcome}")
