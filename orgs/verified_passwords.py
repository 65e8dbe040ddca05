"""Passwords that were right a moment ago, so that a pull's many requests needn't each hash one.

Hashing a password is slow on purpose, and a client of a registry behind a live check sends it with
every layer. Kept is a hash under a key of this process alone, and the stamp of the stored password
for which it was right: a password that has been changed since is asked for again. Whether it is
enough (of an active user, without a second factor) is not remembered here.
"""

import hmac
import secrets
import time
from collections import OrderedDict
from threading import Lock

LIFE_SECONDS = 300
MOST = 4096

_key = secrets.token_bytes(32)
_lock = Lock()
_verified: OrderedDict[bytes, tuple[str, float]] = OrderedDict()


def is_verified(username: str, password: str, stamp: str) -> bool:
    """Whether this password was right for a user lately, and is as long as this is its stamp."""
    found = _verified.get(_remembered_as(username, password))
    return found is not None and found[0] == stamp and time.monotonic() < found[1]


def remember(username: str, password: str, stamp: str) -> None:
    """Note that this password was right for a user, whose stored password has this stamp."""
    with _lock:
        _verified[_remembered_as(username, password)] = (stamp, time.monotonic() + LIFE_SECONDS)
        while len(_verified) > MOST:
            _verified.popitem(last=False)


def forget_all() -> None:
    """Ask for every password again."""
    with _lock:
        _verified.clear()


def _remembered_as(username: str, password: str) -> bytes:
    # A name holds no NUL, so that no two pairs make one text.
    return hmac.digest(_key, f"{username}\0{password}".encode(), "sha256")
