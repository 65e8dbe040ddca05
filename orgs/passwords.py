"""Checking a password outside the sign-in page, where only a yes or no is wanted."""

from collections.abc import Callable
from threading import BoundedSemaphore

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import Argon2PasswordHasher

from orgs.models import User
from orgs.queries import user_admitted_by_password
from orgs.secrets import password_stamp
from orgs.verified_passwords import is_verified, remember

# As many as a process hashes at once: each takes a processor and the hash's memory.
_hashing = BoundedSemaphore(2)


class BoundedArgon2(Argon2PasswordHasher):
    """Argon2id as OWASP recommends it where many sign in (19 MiB, two passes), a few at a time.

    Django's own strength takes 100 MiB for each, which strangers could make us spend at will.
    """

    time_cost = 2
    memory_cost = 19_456
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with _hashing:
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with _hashing:
            return super().verify(password, encoded)


def stamp_of_password(
    username: str,
    password: str,
    stamp: str | None,
    before_hashing: Callable[[], None] = lambda: None,
) -> str | None:
    """The stamp of a user's stored password if this is it, and if it admits them: they are active
    and without a second factor (P9). Else None.

    `stamp` is what is known of it already, None for a user whom no password admits. An unknown
    name takes as long as a wrong password, and as a right one that isn't enough. `before_hashing`
    is called where that has to be found out anew, and may raise.
    """
    if "\x00" in username:
        return None  # the database can't even be asked
    if stamp is not None and is_verified(username, password, stamp):
        return stamp
    before_hashing()
    admitted = user_admitted_by_password(username)
    found = ModelBackend().authenticate(None, username=username, password=password)
    if not isinstance(found, User) or found != admitted:
        return None
    stored = password_stamp(found.password)
    remember(username, password, stored)
    return stored
