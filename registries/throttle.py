"""Limits on guessing: secrets at the token endpoint, user names through the API.

Counted in Redis, for all workers together. A worker that can't reach Redis goes on with its own
count, and doesn't wait for Redis again at every request.
"""

import time
from collections.abc import Callable
from functools import cache
from ipaddress import IPv6Address, ip_address, ip_network
from threading import Lock

import structlog
from django.conf import settings
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import FixedWindowRateLimiter, RateLimiter

from permissions.reading import not_to_be_remembered

log = structlog.get_logger(__name__)

PASSWORDS_OF_USER = RateLimitItemPerMinute(10, namespace="passwords-of-user")
PASSWORDS_FROM_ADDRESS = RateLimitItemPerMinute(100, namespace="passwords-from")
WRONG_REFRESH_TOKENS_FROM_ADDRESS = RateLimitItemPerMinute(
    50, namespace="wrong-refresh-tokens-from"
)
UNKNOWN_SUBJECTS = RateLimitItemPerMinute(120, namespace="unknown-subjects")
RETRY_AFTER_SECONDS = 60

REDIS_PATIENCE_SECONDS = 0.25
REDIS_REST_SECONDS = 5

_redis_rests_until = 0.0
_making = Lock()


def exceeded(limit: RateLimitItem, key: str) -> bool:
    """Whether nothing more is allowed under this limit at the moment."""
    here = _fallback().test(limit, key)
    return not _shared(lambda limiter: limiter.test(limit, key), here)


def refused_here(limit: RateLimitItem, key: str) -> bool:
    """Whether this process knows that nothing more is allowed under this limit for a while.

    It asks nobody, as every pull does: another process' refusal is learned of by counting.
    """
    return not _fallback().test(limit, key)


def count(limit: RateLimitItem, key: str) -> bool:
    """Count one more under this limit; False if it is one too many.

    Counting before the work that is limited lets parallel requests through no more than others.
    An answer that has been counted is not remembered: the next one counts too.
    """
    not_to_be_remembered()
    # Here too, so that this process goes on counting from where it is when Redis goes away.
    here = _fallback().hit(limit, key)
    within = _shared(lambda limiter: limiter.hit(limit, key), here)
    if here and not within:
        _fallback().hit(limit, key, cost=limit.amount)  # so that the next one needn't ask
    return within


def forget(limit: RateLimitItem, key: str) -> None:
    """Begin to count anew."""

    def clear(limiter: RateLimiter) -> bool:
        limiter.clear(limit, key)
        return True

    clear(_fallback())
    _shared(clear, True)


def address_key(address: str) -> str:
    """What is counted for an address: itself, or the network of an IPv6 one that a host has."""
    try:
        read = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((read, 64), strict=False)) if isinstance(read, IPv6Address) else address


def _shared(ask: Callable[[RateLimiter], bool], otherwise: bool) -> bool:
    """What the count in Redis answers, or `otherwise` while there is none to ask."""
    global _redis_rests_until
    if time.monotonic() < _redis_rests_until:
        return otherwise
    try:
        limiter = _limiter()
        return otherwise if limiter is _fallback() else ask(limiter)
    except Exception:
        _redis_rests_until = time.monotonic() + REDIS_REST_SECONDS
        log.exception("rate_limiter_unavailable")
        return otherwise


def _limiter() -> RateLimiter:
    # The library looks for its Redis client when it is first asked, and not safely for threads.
    with _making:
        return _made_limiter()


@cache
def _made_limiter() -> RateLimiter:
    if not settings.REDIS_URL:
        return _fallback()
    patience = REDIS_PATIENCE_SECONDS
    storage = storage_from_string(
        settings.REDIS_URL, socket_timeout=patience, socket_connect_timeout=patience
    )
    return FixedWindowRateLimiter(storage)


@cache
def _fallback() -> RateLimiter:
    return FixedWindowRateLimiter(MemoryStorage())
