"""What holds for every request: a route has an explicit guard, a log line holds no secret."""

from typing import Any

import structlog
from django.http import Http404, HttpRequest
from django.urls import Resolver404, resolve
from django.utils.deprecation import MiddlewareMixin
from django_structlog.middlewares import RequestMiddleware

from orgs.guards import Guard, guard_of

# Whom these let in, they let in by what stands in the path: a link that was mailed.
KEYS_IN_PATHS = (Guard.PUBLIC, Guard.PACKAGE)


class ExplicitGuardMiddleware(MiddlewareMixin):
    """Answers 404 for a view that doesn't say who may open it."""

    def process_view(
        self, request: HttpRequest, view: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        if guard_of(view) is None:
            raise Http404("This page states no guard.")


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
    try:
        match = resolve(path)
    except Resolver404:
        return path
    holds_key = bool(match.kwargs) and guard_of(match.func) in KEYS_IN_PATHS
    return f"/{match.route}" if holds_key else path
