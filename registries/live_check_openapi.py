"""How the OpenAPI page shows the live checks."""

from collections.abc import Iterable
from typing import Any

_ERRORS = {
    "type": "object",
    "properties": {
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "code": {"enum": ["UNAUTHORIZED", "DENIED", "UNAVAILABLE"]},
                    "message": {"type": "string"},
                    "detail": {"type": ["object", "null"]},
                },
            },
        }
    },
}
_REASON = {
    "description": "The reason, in ASCII, escaped as inside a JSON string.",
    "schema": {"type": "string"},
}
_CHALLENGE = {"description": "Sign in with HTTP Basic.", "schema": {"type": "string"}}


def _refusal(description: str, **headers: dict[str, Any]) -> dict[str, Any]:
    return {
        "description": description,
        "headers": {"X-Denied-Reason": _REASON, **headers},
        "content": {"application/json": {"schema": _ERRORS}},
    }


_RESPONSES = {
    "200": {"description": "The request may go on."},
    "401": _refusal("Sign in, or sign in again.", **{"WWW-Authenticate": _CHALLENGE}),
    "403": _refusal("Refused, and why; also without the registry's own credential."),
    "503": _refusal("It can't be known at the moment."),
}


def _header(name: str, description: str, *, required: bool = True) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": required,
        "description": description,
        "schema": {"type": "string"},
    }


_CREDENTIAL = _header("X-Registry-Token", "The registry's own credential.")


def _operation(
    name: str,
    summary: str,
    parameters: Iterable[dict[str, Any]],
    security: list[dict[str, list[str]]],
) -> dict[str, Any]:
    return {
        "operationId": f"live_check_{name}",
        "tags": ["registries"],
        "summary": summary,
        "security": security,
        "parameters": list(parameters),
        "responses": _RESPONSES,
    }


_CLIENTS: list[dict[str, list[str]]] = [{"registryClient": []}, {}]

NGINX: dict[str, Any] = {
    "get": _operation(
        "nginx",
        "May a registry's request go on (nginx auth_request)?",
        [
            _CREDENTIAL,
            _header("X-Original-Method", "The client's method."),
            _header("X-Original-URI", "The client's target, as it was sent."),
        ],
        _CLIENTS,
    )
}

TRAEFIK: dict[str, Any] = {
    "get": _operation(
        "traefik",
        "May a registry's request go on (Traefik forwardAuth)?",
        [
            _CREDENTIAL,
            _header("X-Forwarded-Method", "The client's method."),
            _header("X-Forwarded-Uri", "The client's target, as it was sent."),
        ],
        _CLIENTS,
    )
}

_ORIGINAL_PATH = {
    "name": "path",
    "in": "path",
    "required": True,
    "description": "The client's path, slashes and all.",
    "schema": {"type": "string"},
    "examples": {"pull": {"value": "v2/acme/app/manifests/latest"}},
}

ENVOY: dict[str, Any] = {
    method: _operation(
        f"envoy_{method}",
        "May a registry's request go on (Envoy HTTP ext_authz)?",
        [_CREDENTIAL, _ORIGINAL_PATH],
        _CLIENTS,
    )
    for method in ("get", "head", "post", "put", "patch", "delete")
}

ANGOS: dict[str, Any] = {
    "get": _operation(
        "angos",
        "May a registry's request go on (Angos authorization webhook)?",
        [
            _header("X-Registry-Action", "get-manifest, put-manifest and the like."),
            _header("X-Registry-Namespace", "The repository.", required=False),
            _header("X-Registry-Username", "Whom Angos has authenticated.", required=False),
            _header("X-Forwarded-Uri", "The client's target.", required=False),
        ],
        [{"registryCredential": []}],
    )
}
