from typing import Any

from django.core.management.base import CommandParser

from orgs.actor import Actor
from orgs.commands import OperationCommand
from permissions.cluster_operations import disconnect_cluster
from permissions.commands import existing_cluster


class Command(OperationCommand):
    help = "End a Kubernetes cluster's credentials and forget it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        cluster = existing_cluster(options["name"])
        disconnect_cluster(Actor.site_staff(), cluster)
        self.stdout.write(f"{cluster} is disconnected.")
