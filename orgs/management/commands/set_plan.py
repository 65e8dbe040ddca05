from typing import Any

from django.core.management.base import CommandParser

from orgs.actor import Actor
from orgs.commands import OperationCommand, existing_organization
from orgs.models import Organization
from orgs.operations import set_plan


class Command(OperationCommand):
    help = "Set an organization's plan. Its settings stay; only Business enforces them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organization")
        parser.add_argument("plan", choices=Organization.Plan.values)

    def handle(self, *args: Any, **options: Any) -> None:
        organization = existing_organization(options["organization"])
        set_plan(Actor.site_staff(), organization, options["plan"])
        self.stdout.write(f"{organization} has the plan {options['plan']}.")
