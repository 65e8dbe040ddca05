import time
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from registries.authorities import Authority, NoAuthority, authority_in
from registries.signing import has_half_its_life, rotate, trusted_authority

WATCH_SECONDS = 3600
WAY_OUT = (
    "Restore the folder from a backup. Or rotate with --new-authority, and give every registry "
    "the new certificate from /auth/ca.pem: until then it refuses every token."
)


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
        parser.add_argument(
            "--new-authority",
            action="store_true",
            help="go on with another authority than the last key's, which no registry trusts yet",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["watch"]:
            self._watch()
        elif not options["if_needed"] or not has_half_its_life(timezone.now()):
            self._rotate(new_authority=options["new_authority"])

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

    def _rotate(self, *, new_authority: bool = False) -> None:
        authority = self._authority(new_authority=new_authority)
        key = rotate(authority, timezone.now())
        self.stdout.write(f"Signing with {key.key_id[:16]} until {key.not_after:%Y-%m-%d %H:%M}.")

    def _authority(self, *, new_authority: bool) -> Authority:
        """The authority in the folder; another than registries trust only if that is wished."""
        trusted = trusted_authority()
        may_differ = new_authority or trusted is None
        try:
            authority = authority_in(settings.CA_DIR, timezone.now(), may_make=may_differ)
        except OSError as error:
            raise CommandError(
                f"The authority's key in {settings.CA_DIR} can't be used: {error.strerror}."
            ) from error
        except NoAuthority as error:
            raise CommandError(
                f"{settings.CA_DIR} has lost its authority's key. {WAY_OUT}"
            ) from error
        if not may_differ and authority.certificate.public_bytes(Encoding.PEM) != trusted:
            raise CommandError(
                f"{settings.CA_DIR} holds another authority than the one that registries trust. "
                f"{WAY_OUT}"
            )
        return authority
