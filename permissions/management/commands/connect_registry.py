from typing import Any

from django.core.management.base import CommandError, CommandParser

from orgs.actor import Actor
from orgs.commands import OperationCommand, existing_organization
from permissions.core.reference import HUB
from permissions.registry_operations import connect_registry, connect_site_registry


class Command(OperationCommand):
    help = "Connect a registry; prints the credential by which it may ask, once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("service", help="what the registry calls itself, its auth service")
        parser.add_argument("host", help="the host, or host:port, in its images' names")
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("--organization", help="whose own registry it is")
        whose.add_argument("--site-wide", action="store_true", help="it serves everybody")
        parser.add_argument("--mirrors-docker-hub", action="store_true")
        parser.add_argument("--members-only", action="store_true")
        parser.add_argument(
            "--anonymous-pulls",
            action="store_true",
            help="careful: signing out lifts every restriction at this registry (site-wide only)",
        )
        parser.add_argument(
            "--rules-may-stop",
            action="store_true",
            help="rules of organizations that name the host may stop counting (site-wide mirrors)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        wished: dict[str, Any] = {
            "service": options["service"],
            "host": options["host"],
            "upstream": HUB if options["mirrors_docker_hub"] else "",
            "members_only": options["members_only"],
        }
        for option in ("anonymous_pulls", "rules_may_stop"):
            if options[option] and not options["site_wide"]:
                said = option.replace("_", "-")
                raise CommandError(f"--{said} goes with --site-wide only.")
        if options["site_wide"]:
            wished["anonymous_pulls"] = options["anonymous_pulls"]
            wished["rules_may_stop"] = options["rules_may_stop"]
            _, secret = connect_site_registry(Actor.site_staff(), **wished)
        else:
            organization = existing_organization(options["organization"])
            _, secret = connect_registry(Actor.site_staff(), organization, **wished)
        self.stdout.write(secret)
