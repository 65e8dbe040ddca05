"""Every route of the site, for whoever must look at them all."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from orgs.guards import Guard, declare, guard_of


@dataclass(frozen=True, slots=True)
class SiteRoute:
    """A path pattern, as in `urls.py`, and the guard that its view states."""

    pattern: str
    guard: Guard | None
    view: Any


def site_routes() -> list[SiteRoute]:
    """All of Django's routes, in the order in which they are tried."""
    return list(_walk(get_resolver().url_patterns, ""))


def guarded(guard: Guard, patterns: Iterable[URLPattern | URLResolver]) -> list[Any]:
    """State the guard of views that come from packages and check by themselves."""
    listed = list(patterns)
    for route in _walk(listed, ""):
        declare(guard, route.view)
    return listed


def _walk(patterns: Iterable[URLPattern | URLResolver], prefix: str) -> Iterator[SiteRoute]:
    for entry in patterns:
        pattern = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _walk(entry.url_patterns, pattern)
        else:
            yield SiteRoute(pattern, guard_of(entry.callback), entry.callback)
