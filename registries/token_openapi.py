"""How the OpenAPI page shows the token server."""

from typing import Any

_ERRORS = {
    "type": "object",
    "properties": {
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "code": {"type": "string", "examples": ["DENIED", "UNAUTHORIZED"]},
                    "message": {"type": "string"},
                    "detail": {"type": ["object", "null"]},
                },
            },
        }
    },
}
_TOKEN = {
    "type": "object",
    "required": ["token", "access_token", "expires_in", "issued_at", "scope"],
    "properties": {
        "token": {"type": "string", "description": "A JWT, ES256, with an x5c header."},
        "access_token": {"type": "string", "description": "The same."},
        "expires_in": {"type": "integer", "description": "Seconds."},
        "issued_at": {"type": "string", "format": "date-time"},
        "scope": {"type": "string", "description": "What was granted, joined by spaces."},
        "refresh_token": {
            "type": "string",
            "description": "If asked for: signs this client in again, at this service alone.",
        },
    },
}


def _json(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


_RESPONSES = {
    "200": _json("What is granted of what was asked.", _TOKEN),
    "400": _json("An unknown service, or a malformed request.", _ERRORS),
    "401": _json("Bad credentials (UNAUTHORIZED), or refused with a reason (DENIED).", _ERRORS),
    "429": _json("Too many wrong passwords or refresh tokens.", _ERRORS),
    "503": _json("It can't be known at the moment.", _ERRORS),
}
_SECURITY: list[dict[str, list[str]]] = [{"registryClient": []}, {}]

TOKEN: dict[str, Any] = {
    "get": {
        "operationId": "registry_token",
        "tags": ["registries"],
        "summary": "A token for a registry (Distribution token authentication)",
        "security": _SECURITY,
        "parameters": [
            {"name": "service", "in": "query", "required": True, "schema": {"type": "string"}},
            {
                "name": "scope",
                "in": "query",
                "description": "For instance repository:acme/app:pull. May be repeated.",
                "schema": {"type": "array", "items": {"type": "string"}},
                "explode": True,
            },
            {
                "name": "offline_token",
                "in": "query",
                "description": "true: also give a refresh token.",
                "schema": {"type": "string", "examples": ["true"]},
            },
            {
                "name": "client_id",
                "in": "query",
                "description": "What the client calls itself; shown beside its sign-in.",
                "schema": {"type": "string", "examples": ["docker"]},
            },
        ],
        "responses": _RESPONSES,
    },
    "post": {
        "operationId": "registry_token_oauth2",
        "tags": ["registries"],
        "summary": "A token for a registry (its OAuth2 variant)",
        "security": [{}],
        "requestBody": {
            "required": True,
            "content": {
                "application/x-www-form-urlencoded": {
                    "schema": {
                        "type": "object",
                        "required": ["grant_type", "service"],
                        "properties": {
                            "grant_type": {"enum": ["password", "refresh_token"]},
                            "service": {"type": "string"},
                            "client_id": {"type": "string"},
                            "scope": {"type": "string", "description": "Joined by spaces."},
                            "username": {"type": "string"},
                            "password": {"type": "string", "format": "password"},
                            "access_type": {
                                "enum": ["online", "offline"],
                                "description": "offline: also give a refresh token.",
                            },
                            "refresh_token": {"type": "string", "format": "password"},
                        },
                    }
                }
            },
        },
        "responses": _RESPONSES,
    },
}

CERTIFICATES: dict[str, Any] = {
    "get": {
        "operationId": "registry_certificates",
        "tags": ["registries"],
        "summary": "The certificates for a registry's rootcertbundle",
        "security": [{}],
        "responses": {
            "200": {
                "description": "PEM",
                "content": {"application/x-pem-file": {"schema": {"type": "string"}}},
            },
            "503": _json("There is no signing key yet.", _ERRORS),
        },
    }
}
