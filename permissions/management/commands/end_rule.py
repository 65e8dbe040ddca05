from typing import Any

from django.core.management.base import CommandParser

from orgs.actor import Actor
from orgs.commands import OperationCommand, existing_organization
from permissions.own_rule_operations import end_own_rule


class Command(OperationCommand):
    help = "End one of an organization's own rules at once; list_rules tells its number."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organization")
        parser.add_argument("number", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        organization = existing_organization(options["organization"])
        rule = end_own_rule(Actor.site_staff(), organization, options["number"])
        self.stdout.write(f"Rule {rule.pk} of {organization} has ended: {rule}.")
