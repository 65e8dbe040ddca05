"""How often something may happen within a time, counted in the cache for all workers together."""

from django.core.cache import cache


def count(what: str, whose: str, number: int, *, most: int, seconds: int) -> bool:
    """Count so many more; False if that makes too many within the time."""
    key = f"limits:{what}:{whose}"
    cache.add(key, 0, seconds)
    try:
        return bool(cache.incr(key, number) <= most)
    except ValueError:
        # Its time ended between the two lines.
        cache.set(key, number, seconds)
        return number <= most
