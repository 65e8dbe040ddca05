"""The mount table: one line a protocol."""

from registries import (
    admission,
    angos,
    authzen,
    authzen_batch,
    authzen_search,
    envoy,
    fleet,
    imagereview,
    nginx,
    notifications,
    token,
    traefik,
)
from registries.http import Route

MODULES = (
    admission,
    angos,
    authzen,
    authzen_batch,
    authzen_search,
    envoy,
    fleet,
    imagereview,
    nginx,
    notifications,
    token,
    traefik,
)
ROUTES = {route.path: route for module in MODULES for route in module.ROUTES}
_BELOW = tuple(route for route in ROUTES.values() if route.below)


def route_at(path: str) -> Route | None:
    """The route that answers at a path, with or without a slash at its end, or None."""
    return (
        ROUTES.get(path)
        or ROUTES.get(path.rstrip("/"))
        or next((route for route in _BELOW if path.startswith(f"{route.path}/")), None)
    )
