from typing import Any

from django.core.management.base import CommandError, CommandParser

from orgs.actor import Actor
from orgs.commands import OperationCommand, existing_organization
from orgs.token_operations import revoke_organization_token


class Command(OperationCommand):
    help = "End an organization's access token at once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organization")
        parser.add_argument("public_id", help="the id that create_organization_token told")

    def handle(self, *args: Any, **options: Any) -> None:
        organization = existing_organization(options["organization"])
        if not revoke_organization_token(Actor.site_staff(), organization, options["public_id"]):
            raise CommandError(f"{organization} has no live access token {options['public_id']}.")
        self.stdout.write(f"{options['public_id']} is revoked.")
