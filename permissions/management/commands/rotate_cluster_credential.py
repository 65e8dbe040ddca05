from typing import Any

from django.core.management.base import CommandParser

from orgs.actor import Actor
from orgs.commands import OperationCommand
from permissions.cluster_operations import end_old_cluster_credentials, issue_cluster_credential
from permissions.commands import existing_cluster


class Command(OperationCommand):
    help = "Make another credential for a connected Kubernetes cluster; prints it once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        old = parser.add_mutually_exclusive_group()
        old.add_argument(
            "--keep-old", action="store_true", help="the others stay good until --end-old"
        )
        old.add_argument(
            "--end-old", action="store_true", help="end all but the newest, and make none"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        cluster = existing_cluster(options["name"])
        if options["end_old"]:
            ended = end_old_cluster_credentials(Actor.site_staff(), cluster)
            self.stdout.write(f"{ended} of {cluster}'s credentials ended.")
            return
        self.stdout.write(
            issue_cluster_credential(Actor.site_staff(), cluster, keep_old=options["keep_old"])
        )
