"""Counting guesses, with Redis and without."""

import pytest
from limits import RateLimitItemPerMinute
from pytest_django import Settings

from registries import throttle

LIMIT = RateLimitItemPerMinute(3, namespace="of-a-test")


@pytest.fixture(autouse=True)
def _fresh() -> None:
    throttle._limiter.cache_clear()
    throttle._fallback.cache_clear()


def guesses_until_refused() -> int:
    key = f"somebody-{id(throttle._fallback())}"
    for number in range(100):
        if throttle.exceeded(LIMIT, key):
            return number
        throttle.count(LIMIT, key)
    return 100


# Without Redis, and with one that nobody answers for: each guess counts once.
@pytest.mark.parametrize("address", ["", "redis://127.0.0.1:1/0"])
def test_each_guess_counts_once(settings: Settings, address: str) -> None:
    settings.REDIS_URL = address
    assert guesses_until_refused() == 3


def test_workers_count_together_in_redis() -> None:
    assert guesses_until_refused() == 3
    throttle._fallback.cache_clear()
    key = "somebody-else"
    for _ in range(3):
        throttle.count(LIMIT, key)
    throttle._fallback.cache_clear()
    assert throttle.exceeded(LIMIT, key)
