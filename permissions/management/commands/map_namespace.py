from typing import Any

from django.core.management.base import CommandParser

from orgs.actor import Actor
from orgs.commands import OperationCommand, existing_organization
from permissions.cluster_operations import map_namespace
from permissions.commands import existing_cluster


class Command(OperationCommand):
    help = "Make an organization answer for a namespace of a site-wide Kubernetes cluster."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("cluster")
        parser.add_argument("namespace", help="its exact name, or * for every other one")
        parser.add_argument("organization")

    def handle(self, *args: Any, **options: Any) -> None:
        cluster = existing_cluster(options["cluster"])
        organization = existing_organization(options["organization"])
        namespace = map_namespace(Actor.site_staff(), organization, cluster, options["namespace"])
        self.stdout.write(f"{organization} answers for {namespace}.")
