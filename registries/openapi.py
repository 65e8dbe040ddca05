"""The protocols' part of the OpenAPI page, merged into what REST framework knows of itself."""

from typing import Any

from registries.routes import ROUTES

SCHEMES = {
    "registryCredential": {
        "type": "http",
        "scheme": "bearer",
        "description": "The credential of a connected registry, or a token with repo:admin.",
    },
    "clusterCredential": {
        "type": "http",
        "scheme": "bearer",
        "description": "The credential of a connected Kubernetes cluster.",
    },
    "organizationToken": {
        "type": "http",
        "scheme": "bearer",
        "description": "An access token of an organization, with any scope.",
    },
    "registryClient": {
        "type": "http",
        "scheme": "basic",
        "description": "User name with password or personal access token, or an organization's "
        "name with one of its access tokens.",
    },
}


def without_trailing_slashes(endpoints: list[tuple[Any, ...]], **_: Any) -> list[tuple[Any, ...]]:
    """Describe once what is served with and without a slash; a hook of drf-spectacular."""
    return [endpoint for endpoint in endpoints if not endpoint[0].endswith("/")]


def add_protocols(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add each mounted route's paths to a schema; a hook of drf-spectacular."""
    for route in ROUTES.values():
        result["paths"][route.template] = dict(route.openapi)
    result.setdefault("components", {}).setdefault("securitySchemes", {}).update(SCHEMES)
    return result
