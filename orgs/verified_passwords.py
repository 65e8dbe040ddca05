"""Passwords that were right a moment ago, so that a pull's many requests needn't each hash one.

Hashing a password is slow on purpose, and a client of a registry behind a live check sends it with
every layer. Kept is a hash under a key of this process alone, and the stored hash for which it was
right: a password that is changed is asked for again at once, as is a deactivated user's, or that
of somebody who has switched a second factor on.
"""

import hmac
import secrets
import time
from collections import OrderedDict
from threading import Lock

from orgs.models import User
from orgs.queries import user_admitted_by_password

LIFE_SECONDS = 300
MOST = 4096

_key = secrets.token_bytes(32)
_lock = Lock()
_verified: OrderedDict[bytes, tuple[str, float]] = OrderedDict()


def verified_user(username: str, password: str) -> User | None:
    """The active user for whom this password was right lately and still is, or None."""
    with _lock:
        stored_hash, until = _verified.get(_remembered_as(username, password), ("", 0.0))
    if time.monotonic() >= until:
        return None
    user = user_admitted_by_password(username)
    return user if user is not None and user.password == stored_hash else None


def remember(user: User, password: str) -> None:
    """Note that this password was right for a user, as they are stored now."""
    with _lock:
        _verified[_remembered_as(user.username, password)] = (
            user.password,
            time.monotonic() + LIFE_SECONDS,
        )
        while len(_verified) > MOST:
            _verified.popitem(last=False)


def forget_all() -> None:
    """Ask for every password again."""
    with _lock:
        _verified.clear()


def _remembered_as(username: str, password: str) -> bytes:
    # A name holds no NUL, so that no two pairs make one text.
    return hmac.digest(_key, f"{username}\0{password}".encode(), "sha256")
