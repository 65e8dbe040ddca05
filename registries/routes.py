"""The mount table: one line a protocol."""

from registries import authzen, token

ROUTES = {route.path: route for module in (authzen, token) for route in module.ROUTES}
