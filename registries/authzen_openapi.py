"""How the OpenAPI page shows the AuthZEN API."""

from typing import Any

_TYPED: dict[str, Any] = {
    "type": "object",
    "required": ["type", "id"],
    "properties": {"type": {"type": "string"}, "id": {"type": "string"}},
}
_REQUEST: dict[str, Any] = {
    "type": "object",
    "required": ["subject", "action", "resource"],
    "properties": {
        "subject": {**_TYPED, "description": "user (a user name), token (its id) or anonymous"},
        "action": {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": {"type": "string", "examples": ["pull", "push", "delete", "sign_in"]}
            },
        },
        "resource": {
            **_TYPED,
            "description": "image, and its reference; or, for sign_in, machine, and any name",
            "properties": {
                **_TYPED["properties"],
                "properties": {
                    "type": "object",
                    "description": "Of a machine: what its registry.json says.",
                    "properties": {"allowedOrgs": {"type": "array", "items": {"type": "string"}}},
                },
            },
        },
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
        },
        {
            "subject": {"type": "user", "id": "mel"},
            "action": {"name": "sign_in"},
            "resource": {
                "type": "machine",
                "id": "laptop-17",
                "properties": {"allowedOrgs": ["acme"]},
            },
        },
    ],
}
_FINDING = {
    "type": "object",
    "required": ["code", "severity", "message"],
    "properties": {
        "code": {"type": "string"},
        "severity": {"enum": ["error", "warning"]},
        "message": {"type": "string"},
    },
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
        "own_rule": {"type": "integer", "description": "The block or exception that decided."},
        "would_have": {
            "type": "string",
            "description": "While the organization only monitors: what would have refused.",
        },
        "reason": {"type": "string"},
        "organizations": {"type": "array", "items": {"type": "object"}},
        "findings": {
            "type": "array",
            "description": "Of sign_in: what is wrong with the list of allowed organizations.",
            "items": _FINDING,
        },
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
_ERRORS = {
    "400": _json("Malformed; the message says where.", _MESSAGE),
    "401": _json("No credential, or a bad one.", _MESSAGE),
    "403": _json("The credential may not ask for that organization.", _MESSAGE),
    "413": _json("Too large.", _MESSAGE),
    "503": _json("It can't be known at the moment.", _MESSAGE),
}
_ERRORS_OF_EVALUATIONS = _ERRORS | {"429": _json("Too many unknown subjects.", _MESSAGE)}


def _post(
    operation: str,
    summary: str,
    request: dict[str, Any],
    responses: dict[str, Any],
) -> dict[str, Any]:
    return {
        "post": {
            "operationId": operation,
            "tags": ["decisions"],
            "summary": f"{summary} (AuthZEN 1.0)",
            "security": [{"registryCredential": []}],
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": request}},
            },
            "responses": responses,
        }
    }


EVALUATION = _post(
    "access_evaluation",
    "May this subject do this with this image, or sign in on this machine?",
    _REQUEST,
    {"200": _json("The decision; a denial is an answer.", _RESPONSE), **_ERRORS_OF_EVALUATIONS},
)

_PARTS: dict[str, Any] = _REQUEST["properties"]
_BATCH = {
    "type": "object",
    "properties": {
        **_PARTS,
        "evaluations": {
            "type": "array",
            "maxItems": 1000,
            "description": "Each takes from the top what it lacks, as whole objects. "
            "Without any, the body itself is one evaluation.",
            "items": {"type": "object", "properties": _PARTS},
        },
        "options": {
            "type": "object",
            "properties": {
                "evaluations_semantic": {
                    "enum": ["execute_all", "deny_on_first_deny", "permit_on_first_permit"]
                }
            },
        },
    },
    "examples": [
        {
            "subject": {"type": "user", "id": "mel"},
            "action": {"name": "pull"},
            "evaluations": [
                {"resource": {"type": "image", "id": "alpine"}},
                {"resource": {"type": "image", "id": "docker.io/randomdev/tool:1.2"}},
            ],
        }
    ],
}
_BATCH_RESPONSE = {
    "anyOf": [
        {
            "type": "object",
            "required": ["evaluations"],
            "properties": {"evaluations": {"type": "array", "items": _RESPONSE}},
        },
        _RESPONSE,
    ]
}

EVALUATIONS = _post(
    "access_evaluations",
    "Several questions at once",
    _BATCH,
    {
        "200": _json("The decisions in order, to the one that stops it.", _BATCH_RESPONSE),
        **_ERRORS_OF_EVALUATIONS,
    },
)

_PAGE = {
    "type": "object",
    "properties": {
        "limit": {"type": "integer", "minimum": 1, "maximum": 100},
        "token": {"type": "string", "description": "A next_token, with the same search."},
    },
}


def _search(required: list[str], result: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    parts = {name: _PARTS[name] for name in (*required, "context")}
    request = {"type": "object", "required": required, "properties": {**parts, "page": _PAGE}}
    response = {
        "type": "object",
        "required": ["results", "page"],
        "properties": {
            "results": {"type": "array", "items": result},
            "page": {
                "type": "object",
                "required": ["next_token"],
                "properties": {
                    "next_token": {"type": "string", "description": "Empty on the last page."},
                    "count": {"type": "integer"},
                },
            },
        },
    }
    return request, {"200": _json("What was found.", response), **_ERRORS}


SEARCH_ACTION = _post(
    "search_action",
    "What may this subject do with this image?",
    *_search(
        ["subject", "resource"], {"type": "object", "properties": {"name": {"type": "string"}}}
    ),
)
SEARCH_SUBJECT = _post(
    "search_subject",
    "Which members of the organization may do this with this image?",
    *_search(["subject", "action", "resource"], _TYPED),
)

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
                        "access_evaluations_endpoint": {"type": "string"},
                        "search_subject_endpoint": {"type": "string"},
                        "search_action_endpoint": {"type": "string"},
                    },
                },
            )
        },
    }
}
