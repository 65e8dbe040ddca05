"""A route without an explicit guard does not exist."""

from typing import Any

from django.http import Http404, HttpRequest
from django.utils.deprecation import MiddlewareMixin

from orgs.guards import guard_of


class ExplicitGuardMiddleware(MiddlewareMixin):
    """Answers 404 for a view that doesn't say who may open it."""

    def process_view(
        self, request: HttpRequest, view: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        if guard_of(view) is None:
            raise Http404("This page states no guard.")
