from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from orgs.actor import Actor
from orgs.commands import OperationCommand, days, existing_organization
from permissions.core.own_rules import EVERYONE, Audience
from permissions.own_rule_models import OwnRule
from permissions.own_rule_operations import add_own_rule


class Command(OperationCommand):
    help = "Block images, or make an exception for them, in an organization."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organization")
        parser.add_argument("effect", choices=OwnRule.Effect.values)
        parser.add_argument(
            "target", help="docker.io/randomdev/tool, docker.io/randomdev/* or a category"
        )
        audience = parser.add_mutually_exclusive_group()
        audience.add_argument("--team", help="only for this team; for everyone if left out")
        audience.add_argument("--user", help="only for this member")
        parser.add_argument("--days", type=days, dest="life", help="how long it is in force")
        parser.add_argument(
            "--reason", default="", help="members read it when a block refuses them"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        organization = existing_organization(options["organization"])
        life = options["life"]
        rule = add_own_rule(
            Actor.site_staff(),
            organization,
            effect=options["effect"],
            target=options["target"],
            audience=_audience(options["team"], options["user"]),
            reason=options["reason"],
            ends_at=timezone.now() + life if life else None,
        )
        self.stdout.write(f"{organization} has rule {rule.pk}: {rule}.")


def _audience(team: str | None, user: str | None) -> Audience:
    if team:
        return Audience.team(team)
    return Audience.user(user) if user else EVERYONE
