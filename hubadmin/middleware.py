"""What holds for every request: a route has an explicit guard, a page guesses nothing, a log line
holds no secret."""

from typing import Any

import structlog
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils.deprecation import MiddlewareMixin
from django_structlog.middlewares import RequestMiddleware

from hubadmin.errors import not_yet_known
from orgs.guards import Guard, guard_of
from permissions.snapshots.memory import NotYetKnown

# Whom these let in, they let in by what stands in the path: a link that was mailed.
KEYS_IN_PATHS = (Guard.PUBLIC, Guard.PACKAGE)


class ExplicitGuardMiddleware(MiddlewareMixin):
    """Answers 404 for a view that doesn't say who may open it."""

    def process_view(
        self, request: HttpRequest, view: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        if guard_of(view) is None:
            raise Http404("This page states no guard.")


class NotYetKnownMiddleware(MiddlewareMixin):
    """Answers 503 for a page that needs facts which can't be known at the moment (P11)."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return not_yet_known(request, exception) if isinstance(exception, NotYetKnown) else None


class LogRequestMiddleware(RequestMiddleware):
    """Logs each request by its path, as a query may hold what is nobody's to read."""

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        return f"{request.method} {_path_to_log(request.path)}"

    @classmethod
    def bind_ip(cls, request: HttpRequest) -> None:
        # Resolved already: the package would believe headers that anybody can send.
        structlog.contextvars.bind_contextvars(ip=request.META.get("REMOTE_ADDR") or None)


def _path_to_log(path: str) -> str:
    """A path, or only its pattern where it may hold a key."""
    match = _match(path) or _match(f"{path}/")  # without its last slash it is sent on
    if match is None:
        return path
    holds_key = bool(match.kwargs) and guard_of(match.func) in KEYS_IN_PATHS
    return f"/{match.route}" if holds_key else path


def _match(path: str) -> ResolverMatch | None:
    try:
        return resolve(path)
    except Resolver404:
        return None
