import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from registries.authorities import (
    Authority,
    NoAuthority,
    authority_in,
    forget_old,
    next_folder,
    take_over,
)
from registries.signing import (
    announce,
    announced_authority,
    forget_others,
    has_half_its_life,
    rotate,
    trusted_authority,
)

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
        authority = parser.add_mutually_exclusive_group()
        authority.add_argument(
            "--announce-authority",
            action="store_true",
            help="make the next authority and hand its certificate out; it does not sign yet",
        )
        authority.add_argument(
            "--switch-authority",
            action="store_true",
            help="sign under the announced authority, once registries trust it",
        )
        authority.add_argument(
            "--forget-old-authority",
            action="store_true",
            help="hand the old authority's certificate out no more, and delete its key",
        )
        authority.add_argument(
            "--new-authority",
            action="store_true",
            help="go on with another authority than the last key's, which no registry trusts yet",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["watch"]:
            self._watch()
        elif options["announce_authority"]:
            self._announce()
        elif options["switch_authority"]:
            self._switch()
        elif options["forget_old_authority"]:
            self._forget()
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

    def _announce(self) -> None:
        if trusted_authority() is None:
            raise CommandError("No authority signs yet. Run rotate_signing_key without options.")
        with _usable(next_folder(settings.CA_DIR)):
            announce(authority_in(next_folder(settings.CA_DIR), timezone.now()))
        self.stdout.write(
            "/auth/ca.pem hands out both authorities' certificates. Fetch it on every registry and "
            "restart it, then run rotate_signing_key --switch-authority."
        )

    def _switch(self) -> None:
        if announced_authority() is None:
            raise CommandError("No authority is announced. Run --announce-authority first.")
        with _usable(settings.CA_DIR):
            if next_folder(settings.CA_DIR).exists():
                take_over(settings.CA_DIR)
        self._rotate()
        self.stdout.write(
            "/auth/ca.pem hands out the old authority's certificate until its last key has ended, "
            "or you run rotate_signing_key --forget-old-authority."
        )

    def _forget(self) -> None:
        authority = self._authority(new_authority=False)
        gone = forget_others(authority)
        with _usable(settings.CA_DIR):
            forget_old(settings.CA_DIR)
        self.stdout.write(f"{gone} keys of other authorities are forgotten.")

    def _rotate(self, *, new_authority: bool = False) -> None:
        authority = self._authority(new_authority=new_authority)
        key = rotate(authority, timezone.now())
        self.stdout.write(f"Signing with {key.key_id[:16]} until {key.not_after:%Y-%m-%d %H:%M}.")

    def _authority(self, *, new_authority: bool) -> Authority:
        """The authority in the folder; another than registries trust only if that is wished."""
        trusted = trusted_authority()
        may_differ = new_authority or trusted is None
        with _usable(settings.CA_DIR):
            authority = authority_in(settings.CA_DIR, timezone.now(), may_make=may_differ)
        known = (trusted, announced_authority())
        if not may_differ and authority.certificate.public_bytes(Encoding.PEM) not in known:
            raise CommandError(
                f"{settings.CA_DIR} holds another authority than the one that registries trust. "
                f"{WAY_OUT}"
            )
        return authority


@contextmanager
def _usable(folder: Path) -> Iterator[None]:
    """Say in words what is wrong with a folder of an authority."""
    try:
        yield
    except OSError as error:
        raise CommandError(
            f"The authority's key in {folder} can't be used: {error.strerror}."
        ) from error
    except NoAuthority as error:
        raise CommandError(f"{folder} has lost its authority's key. {WAY_OUT}") from error
