from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from orgs.actor import Actor
from orgs.commands import OperationCommand, days, existing_organization
from orgs.models import AccessToken
from orgs.token_operations import create_organization_token


class Command(OperationCommand):
    help = "Make an access token that speaks as an organization, for CI; prints it once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organization")
        parser.add_argument("label", help="what uses it, so that one knows later what to revoke")
        parser.add_argument(
            "--scope", default=AccessToken.Scope.READ, choices=AccessToken.Scope.values
        )
        parser.add_argument(
            "--repository",
            action="append",
            default=[],
            help="only this one: docker.io/acme/app, or docker.io/acme/* for all below",
        )
        parser.add_argument(
            "--days", type=days, dest="life", help="how long it lives; for ever if left out"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        life = options["life"]
        token, secret = create_organization_token(
            Actor.site_staff(),
            existing_organization(options["organization"]),
            label=options["label"],
            scope=options["scope"],
            repositories=options["repository"],
            expires_at=timezone.now() + life if life else None,
        )
        self.stderr.write(f"Its public id is {token.public_id}; the secret is not shown again.")
        self.stdout.write(secret)
