from typing import Any

from django.core.management.base import CommandError, CommandParser

from orgs.actor import Actor
from orgs.commands import OperationCommand
from permissions.cluster_operations import unmap_namespace
from permissions.cluster_queries import mapping_of
from permissions.commands import existing_cluster


class Command(OperationCommand):
    help = "End that an organization answers for a namespace of a Kubernetes cluster."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("cluster")
        parser.add_argument("namespace", help="as it was mapped: its exact name, or *")

    def handle(self, *args: Any, **options: Any) -> None:
        cluster = existing_cluster(options["cluster"])
        mapping = mapping_of(cluster, options["namespace"])
        if mapping is None:
            raise CommandError(f"No organization answers for {cluster}/{options['namespace']}.")
        organization = mapping.organization
        unmap_namespace(Actor.site_staff(), organization, cluster, options["namespace"])
        self.stdout.write(f"{organization} answers for {mapping} no more.")
