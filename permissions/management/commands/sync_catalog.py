from typing import Any

from django.core.management.base import CommandError, CommandParser

from orgs.actor import Actor
from orgs.commands import OperationCommand
from permissions.catalog_models import CatalogSync
from permissions.catalog_operations import accept_sync
from permissions.catalog_sync import configured_source, sync_catalog


class Command(OperationCommand):
    help = "Sync the catalogue with the feed in HUBADMIN_CATALOG_URL, or accept what a sync held."

    def add_arguments(self, parser: CommandParser) -> None:
        instead = parser.add_mutually_exclusive_group()
        instead.add_argument(
            "--accept", type=int, metavar="NUMBER", help="apply what that sync has read and held"
        )
        instead.add_argument(
            "--force", action="store_true", help="also if the feed has lost more than a fifth"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["accept"] is not None:
            sync = accept_sync(Actor.site_staff(), options["accept"])
        else:
            sync = self._sync(force=options["force"])
        sentence = f"Sync {sync.pk}: {sync.sentence}"
        if sync.outcome in (CatalogSync.Outcome.FAILED, CatalogSync.Outcome.HELD):
            raise CommandError(sentence)
        self.stdout.write(sentence)

    def _sync(self, *, force: bool) -> CatalogSync:
        source = configured_source()
        if source is None:
            raise CommandError("HUBADMIN_CATALOG_URL is not set, so there is no feed to sync with.")
        return sync_catalog(Actor.site_staff(), source, force=force)
