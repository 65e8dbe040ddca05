from typing import Any

from django.core.management.base import CommandParser

from orgs.actor import Actor
from orgs.commands import OperationCommand, existing_organization
from permissions.cluster_operations import connect_cluster, connect_site_cluster


class Command(OperationCommand):
    help = "Connect a Kubernetes cluster; prints the credential by which it may ask, once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("--organization", help="whose own cluster it is")
        whose.add_argument(
            "--site-wide", action="store_true", help="organizations share it; see map_namespace"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["site_wide"]:
            _, secret = connect_site_cluster(Actor.site_staff(), options["name"])
        else:
            organization = existing_organization(options["organization"])
            _, secret = connect_cluster(Actor.site_staff(), organization, options["name"])
        self.stdout.write(secret)
