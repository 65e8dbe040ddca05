"""A cache that may go away."""

from typing import Any

import structlog
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)


class ForgivingRedisCache(RedisCache):
    """Redis, and while it is away this process's own memory: rate limits go on counting there.

    Nothing that decides is cached, so that forgetting is safe.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._here = LocMemCache("while-redis-is-away", {})

    def add(self, *args: Any, **options: Any) -> Any:
        return self._try("add", *args, **options)

    def get(self, *args: Any, **options: Any) -> Any:
        return self._try("get", *args, **options)

    def set(self, *args: Any, **options: Any) -> Any:
        return self._try("set", *args, **options)

    def touch(self, *args: Any, **options: Any) -> Any:
        return self._try("touch", *args, **options)

    def delete(self, *args: Any, **options: Any) -> Any:
        return self._try("delete", *args, **options)

    def incr(self, *args: Any, **options: Any) -> Any:
        return self._try("incr", *args, **options)

    def has_key(self, *args: Any, **options: Any) -> Any:
        return self._try("has_key", *args, **options)

    def _try(self, name: str, *args: Any, **options: Any) -> Any:
        try:
            return getattr(super(), name)(*args, **options)
        except RedisError:
            log.exception("cache_unavailable")
            return getattr(self._here, name)(*args, **options)
