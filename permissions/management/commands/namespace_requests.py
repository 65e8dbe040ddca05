from typing import Any

from orgs.commands import OperationCommand
from permissions.registry_queries import waiting_requests


class Command(OperationCommand):
    help = "List the namespaces that organizations ask for, the longest waiting first."

    def handle(self, *args: Any, **options: Any) -> None:
        waiting = waiting_requests()
        for asked in waiting:
            note = f": {asked.note}" if asked.note else "."
            self.stdout.write(
                f"{asked.pk}  {asked}  for {asked.organization}, asked by {asked.asked_by} "
                f"on {asked.asked_at:%Y-%m-%d}{note}"
            )
        if not waiting:
            self.stdout.write("No organization asks for a namespace.")
