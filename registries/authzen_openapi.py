"""How the OpenAPI page shows the AuthZEN API."""

from typing import Any

_TYPED = {
    "type": "object",
    "required": ["type", "id"],
    "properties": {"type": {"type": "string"}, "id": {"type": "string"}},
}
_REQUEST = {
    "type": "object",
    "required": ["subject", "action", "resource"],
    "properties": {
        "subject": {**_TYPED, "description": "user (a user name), token (its id) or anonymous"},
        "action": {
            "type": "object",
            "required": ["name"],
            "properties": {"name": {"type": "string", "examples": ["pull", "push", "delete"]}},
        },
        "resource": {**_TYPED, "description": "image, and its reference"},
        "context": {
            "type": "object",
            "properties": {
                "organization": {"type": ["string", "null"]},
                "min_policy_version": {"type": ["integer", "null"]},
            },
        },
    },
    "examples": [
        {
            "subject": {"type": "user", "id": "mel"},
            "action": {"name": "pull"},
            "resource": {"type": "image", "id": "docker.io/randomdev/tool:1.2"},
            "context": {"organization": "acme"},
        }
    ],
}
_CONTEXT = {
    "type": "object",
    "properties": {
        "rule": {"type": "string"},
        "category": {"type": ["string", "null"]},
        "organization": {"type": ["string", "null"]},
        "policy_version": {"type": ["integer", "null"]},
        "site_version": {"type": "integer"},
        "image": {"type": "string"},
        "classified_as": {"type": ["string", "null"]},
        "catalog_entry": {"type": "string"},
        "reason": {"type": "string"},
        "organizations": {"type": "array", "items": {"type": "object"}},
    },
}
_RESPONSE = {
    "type": "object",
    "required": ["decision"],
    "properties": {"decision": {"type": "boolean"}, "context": _CONTEXT},
}


def _json(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


_MESSAGE: dict[str, Any] = {"type": "string"}

EVALUATION: dict[str, Any] = {
    "post": {
        "operationId": "access_evaluation",
        "tags": ["decisions"],
        "summary": "May this subject do this with this image? (AuthZEN 1.0)",
        "security": [{"registryCredential": []}],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _REQUEST}},
        },
        "responses": {
            "200": _json("The decision; a denial is an answer.", _RESPONSE),
            "400": _json("Malformed; the message says where.", _MESSAGE),
            "401": _json("No credential, or a bad one.", _MESSAGE),
            "403": _json("The credential may not ask for that organization.", _MESSAGE),
            "413": _json("Too large.", _MESSAGE),
            "429": _json("Too many unknown subjects.", _MESSAGE),
            "503": _json("It can't be known at the moment.", _MESSAGE),
        },
    }
}

METADATA: dict[str, Any] = {
    "get": {
        "operationId": "authzen_metadata",
        "tags": ["decisions"],
        "summary": "What this policy decision point offers (AuthZEN 1.0)",
        "security": [{}],
        "responses": {
            "200": _json(
                "The metadata.",
                {
                    "type": "object",
                    "required": ["policy_decision_point", "access_evaluation_endpoint"],
                    "properties": {
                        "policy_decision_point": {"type": "string"},
                        "access_evaluation_endpoint": {"type": "string"},
                    },
                },
            )
        },
    }
}
