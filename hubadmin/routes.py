"""Every route of the site, for whoever must look at them all."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, URLResolver, get_resolver
from django.views.decorators.cache import never_cache

from orgs.guards import Guard, declare, guard_of
from orgs.identity_providers import provider_page


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


def account_pages(patterns: Iterable[URLPattern | URLResolver]) -> list[Any]:
    """Views of a package that change what protects an account, and check by themselves.

    What one changes and its line in the log are committed together or not at all (P4), which the
    package leaves to us; and no page of them is kept by a browser.
    """
    listed = list(patterns)
    for route in _leaves(listed):
        route.callback = never_cache(_in_one_transaction(route.callback))
    return guarded(Guard.PACKAGE, listed)


def provider_pages(patterns: Iterable[URLPattern | URLResolver]) -> list[Any]:
    """Views of a package that lead to an identity provider and back, and check by themselves."""
    listed = list(patterns)
    for route in _leaves(listed):
        route.callback = never_cache(provider_page(route.callback))
    return guarded(Guard.PACKAGE, listed)


def _in_one_transaction(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    @wraps(view)
    def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        with transaction.atomic():
            return view(request, *args, **kwargs)

    return run


def _leaves(patterns: Iterable[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for entry in patterns:
        if isinstance(entry, URLResolver):
            yield from _leaves(entry.url_patterns)
        else:
            yield entry


def _walk(patterns: Iterable[URLPattern | URLResolver], prefix: str) -> Iterator[SiteRoute]:
    for entry in patterns:
        pattern = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _walk(entry.url_patterns, pattern)
        else:
            yield SiteRoute(pattern, guard_of(entry.callback), entry.callback)
