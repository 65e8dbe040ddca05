from typing import Any

from django.core.management.base import CommandParser

from orgs.actor import Actor
from orgs.commands import OperationCommand
from permissions.cluster_operations import issue_cluster_credential
from permissions.commands import existing_cluster


class Command(OperationCommand):
    help = "Make another credential for a connected Kubernetes cluster; prints it once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument(
            "--keep-old", action="store_true", help="the others stay good until the next rotation"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        cluster = existing_cluster(options["name"])
        self.stdout.write(
            issue_cluster_credential(Actor.site_staff(), cluster, keep_old=options["keep_old"])
        )
