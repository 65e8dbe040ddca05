import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from registries.authorities import authority_in
from registries.signing import has_half_its_life, rotate

WATCH_SECONDS = 3600


class Command(BaseCommand):
    help = (
        "Certify a fresh key for signing registry tokens. The first time this makes the "
        "certificate authority that registries trust."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--if-needed",
            action="store_true",
            help="do nothing while the newest key has more than half of its life left",
        )
        parser.add_argument(
            "--watch", action="store_true", help="go on for ever, as --if-needed every hour"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["watch"]:
            self._watch()
        elif not options["if_needed"] or not has_half_its_life(timezone.now()):
            self._rotate()

    def _watch(self) -> None:
        while True:
            try:
                if not has_half_its_life(timezone.now()):
                    self._rotate()
            except (DatabaseError, CommandError) as error:
                # There are days left before a key is missed; the next hour may go better.
                self.stderr.write(f"Not rotated: {error}")
            close_old_connections()
            time.sleep(WATCH_SECONDS)

    def _rotate(self) -> None:
        try:
            authority = authority_in(settings.CA_DIR, timezone.now())
        except OSError as error:
            raise CommandError(
                f"The authority's key in {settings.CA_DIR} can't be used: {error.strerror}."
            ) from error
        key = rotate(authority, timezone.now())
        self.stdout.write(f"Signing with {key.key_id[:16]} until {key.not_after:%Y-%m-%d %H:%M}.")
