"""Limits on guessing: secrets at the token endpoint, user names through the API."""

from functools import cache

import structlog
from django.conf import settings
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import FixedWindowRateLimiter, RateLimiter

log = structlog.get_logger(__name__)

WRONG_PASSWORDS_OF_USER = RateLimitItemPerMinute(10, namespace="wrong-passwords-of-user")
WRONG_PASSWORDS_FROM_ADDRESS = RateLimitItemPerMinute(50, namespace="wrong-passwords-from")
WRONG_REFRESH_TOKENS_FROM_ADDRESS = RateLimitItemPerMinute(
    50, namespace="wrong-refresh-tokens-from"
)
UNKNOWN_SUBJECTS = RateLimitItemPerMinute(120, namespace="unknown-subjects")
RETRY_AFTER_SECONDS = 60


def exceeded(limit: RateLimitItem, key: str) -> bool:
    """Whether nothing more is allowed under this limit at the moment."""
    try:
        return not _limiter().test(limit, key)
    except Exception:
        log.exception("rate_limiter_unavailable")
        return not _fallback().test(limit, key)


def count(limit: RateLimitItem, key: str) -> None:
    """Count one more under this limit."""
    # Here too, so that this process goes on counting from where it is when Redis goes away.
    _fallback().hit(limit, key)
    if _limiter() is _fallback():
        return
    try:
        _limiter().hit(limit, key)
    except Exception:
        log.exception("rate_limiter_unavailable")


@cache
def _limiter() -> RateLimiter:
    if not settings.REDIS_URL:
        return _fallback()
    return FixedWindowRateLimiter(storage_from_string(settings.REDIS_URL))


@cache
def _fallback() -> RateLimiter:
    return FixedWindowRateLimiter(MemoryStorage())
