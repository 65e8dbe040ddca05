from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.queries import chains, first_broken_link


class Command(BaseCommand):
    help = "Check that no row of any audit log was altered, removed or put in between."

    def handle(self, *args: Any, **options: Any) -> None:
        broken = []
        for organization_id in chains():
            sequence = first_broken_link(organization_id)
            if sequence is not None:
                broken.append(f"organization {organization_id} from entry {sequence} on")
        if broken:
            raise CommandError(f"The audit log is broken: {', '.join(broken)}.")
        self.stdout.write("The audit log is whole.")
