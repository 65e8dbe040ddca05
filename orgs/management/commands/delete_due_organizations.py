from typing import Any

from orgs.commands import OperationCommand
from orgs.tasks import delete_due_organizations


class Command(OperationCommand):
    help = "Delete the organizations whose days of grace are over. Beat does it every hour."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Deleted {delete_due_organizations()} organizations.")
