from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from orgs.actor import Actor
from orgs.commands import OperationCommand
from permissions.catalog_file import STARTER, STARTER_SOURCE, MalformedCatalog, read_catalog
from permissions.catalog_operations import replace_catalog


class Command(OperationCommand):
    help = "Replace the catalogue by a JSON file's, as a whole or not at all."

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("file", nargs="?", type=Path)
        which.add_argument(
            "--starter", action="store_true", help="the catalogue that a new site begins with"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        file = STARTER if options["starter"] else options["file"]
        source = STARTER_SOURCE if options["starter"] else f"the file {file.name}"
        try:
            read = read_catalog(file.read_bytes())
        except OSError as error:
            raise CommandError(f"{file} can't be read: {error.strerror}.") from error
        except MalformedCatalog as error:
            raise CommandError(f"{file} is malformed. {error}") from error
        staff = Actor.site_staff()
        replace_catalog(staff, read.catalog, source=source[:500], dated=read.dated)
        self.stdout.write(f"The catalogue has {len(read.catalog.entries)} entries.")
