from dataclasses import replace
from typing import Any

from django.core.management.base import CommandParser

from orgs.actor import Actor
from orgs.commands import OperationCommand, existing_organization
from permissions.models import ImageAccessPolicy
from permissions.operations import Settings, change_policy
from permissions.queries import policy_of


class Command(OperationCommand):
    help = "Enforce an organization's rules, or only monitor what they would refuse."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organization")
        parser.add_argument("mode", choices=ImageAccessPolicy.Mode.values)

    def handle(self, *args: Any, **options: Any) -> None:
        organization = existing_organization(options["organization"])
        policy = policy_of(organization)
        wished = replace(Settings.of(policy), mode=options["mode"])
        change_policy(Actor.site_staff(), organization, wished, policy.settings_version)
        self.stdout.write(f"The mode of {organization} is {options['mode']}.")
