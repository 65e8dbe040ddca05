from typing import Any

from django.core.management.base import CommandError, CommandParser

from orgs.actor import Actor
from orgs.commands import OperationCommand
from permissions.catalog_file import MalformedCatalog, read_catalog
from permissions.catalog_operations import replace_catalog


class Command(OperationCommand):
    help = "Replace the catalogue by a JSON file's, as a whole or not at all."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with open(options["file"], "rb") as file:
                catalog = read_catalog(file.read())
        except OSError as error:
            raise CommandError(f"{options['file']} can't be read: {error.strerror}.") from error
        except MalformedCatalog as error:
            raise CommandError(f"{options['file']} is malformed. {error}") from error
        replace_catalog(Actor.site_staff(), catalog)
        self.stdout.write(f"The catalogue has {len(catalog.entries)} entries.")
