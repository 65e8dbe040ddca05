from typing import Any

from django.core.management.base import CommandParser

from orgs.commands import OperationCommand
from permissions.cluster_queries import namespaces_at
from permissions.commands import existing_cluster


class Command(OperationCommand):
    help = "List which organization answers for which namespace of a Kubernetes cluster."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("cluster")

    def handle(self, *args: Any, **options: Any) -> None:
        cluster = existing_cluster(options["cluster"])
        if cluster.organization is not None:
            self.stdout.write(f"{cluster.organization} answers for every namespace.")
        for mapping in namespaces_at(cluster):
            self.stdout.write(f"{mapping.namespace}\t{mapping.organization}")
