from typing import Any

from django.core.management.base import CommandParser

from orgs.actor import Actor
from orgs.commands import OperationCommand, existing_organization
from orgs.invitation_operations import revoke_invitation


class Command(OperationCommand):
    help = "Revoke an invitation by its public id, as list_invitations shows it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organization")
        parser.add_argument("public_id")

    def handle(self, *args: Any, **options: Any) -> None:
        organization = existing_organization(options["organization"])
        revoked = revoke_invitation(Actor.site_staff(), organization, options["public_id"])
        self.stdout.write(f"The invitation to {revoked} is revoked.")
