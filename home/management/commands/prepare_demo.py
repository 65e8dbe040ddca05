from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    help = "Migrate, make a signing key and load the demo data: one process, for a quick start."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--env-file", type=Path, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", verbosity=0)
        call_command("rotate_signing_key", if_needed=True, stdout=self.stdout)
        call_command("load_demo", env_file=options["env_file"], with_pulls=True)
