"""Counting guesses: with Redis, without, and with one that no longer answers."""

import socket
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from limits import RateLimitItemPerMinute
from pytest_django import Settings

from hubadmin.cache import ForgivingRedisCache
from registries import throttle
from tests.served import DemoSite

LIMIT = RateLimitItemPerMinute(3, namespace="of-a-test")


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    throttle._made_limiter.cache_clear()
    throttle._fallback.cache_clear()
    monkeypatch.setattr(throttle, "_redis_rests_until", 0.0)


@pytest.fixture
def hung() -> Iterator[str]:
    """The address of a Redis that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        yield f"redis://127.0.0.1:{listening.getsockname()[1]}/0"


def guesses_until_refused(key: str) -> int:
    for number in range(100):
        if not throttle.count(LIMIT, key):
            assert throttle.exceeded(LIMIT, key)
            return number
    return 100


@pytest.mark.parametrize("address", ["", "redis://127.0.0.1:1/0"], ids=["none", "dead"])
def test_each_guess_counts_once_without_redis(settings: Settings, address: str) -> None:
    settings.REDIS_URL = address
    key = uuid.uuid4().hex
    assert guesses_until_refused(key) == 3
    throttle.forget(LIMIT, key)
    assert not throttle.exceeded(LIMIT, key)


def test_workers_count_together_in_redis() -> None:
    key = uuid.uuid4().hex
    assert guesses_until_refused(key) == 3
    throttle._fallback.cache_clear()
    assert throttle.exceeded(LIMIT, key)
    throttle.forget(LIMIT, key)
    assert not throttle.exceeded(LIMIT, key)


def test_a_hung_redis_is_waited_for_once(
    settings: Settings, hung: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS_URL = hung
    key = uuid.uuid4().hex
    assert throttle.count(LIMIT, key)
    # From here on asking it would fail the test.
    monkeypatch.setattr(throttle._limiter(), "hit", None)
    assert throttle.count(LIMIT, key)
    assert throttle.count(LIMIT, key)
    assert not throttle.count(LIMIT, key)


def test_the_cache_goes_on_without_redis(hung: str) -> None:
    timeouts = {"socket_timeout": 0.05, "socket_connect_timeout": 0.05}
    for address in (hung, "redis://127.0.0.1:1/0"):
        cache = ForgivingRedisCache(address, {"OPTIONS": timeouts})
        assert cache.add("attempts", 1)
        assert cache.incr("attempts") == 2
        assert cache.get("attempts") == 2
        assert cache.delete("attempts")
        assert cache.get("attempts") is None


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("unknown", "unknown"),
    ],
)
def test_an_ipv6_host_counts_as_its_network(address: str, key: str) -> None:
    assert throttle.address_key(address) == key


def test_guesses_at_once_are_no_way_around(site: DemoSite) -> None:
    def guess(number: int) -> int:
        credentials = ("ivan", f"guess-{number}")
        url = f"{site.url}/auth/token?service=hub"
        answer = httpx.get(url, auth=credentials, timeout=30)
        assert answer.status_code in (401, 429), answer.text + site.log.read_text()[-6000:]
        return answer.status_code

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(guess, range(32)))

    assert answers.count(401) <= 20  # ten in a minute, and a minute may end meanwhile
    assert answers.count(401) + answers.count(429) == 32
