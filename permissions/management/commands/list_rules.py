from typing import Any

from django.core.management.base import CommandParser

from orgs.commands import OperationCommand, existing_organization
from permissions.own_rule_models import OwnRule
from permissions.own_rule_queries import audience_of, own_rules_of


class Command(OperationCommand):
    help = "List an organization's own rules, the newest first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organization")
        parser.add_argument("--all", action="store_true", help="the past ones too")

    def handle(self, *args: Any, **options: Any) -> None:
        for rule in own_rules_of(existing_organization(options["organization"])):
            if options["all"] or not rule.has_ended:
                self.stdout.write(_line(rule))


def _line(rule: OwnRule) -> str:
    end = f", until {rule.end:%Y-%m-%d %H:%M} UTC" if rule.end else ""
    why = f": {rule.reason}" if rule.reason else ""
    return f"{rule.pk}  {rule} for {audience_of(rule)}, by {rule.created_by}{end}{why}"
