"""How the OpenAPI page shows what registries report."""

from typing import Any

_STRING: dict[str, Any] = {"type": "string"}
_EVENT = {
    "type": "object",
    "required": ["id", "action", "target"],
    "properties": {
        "id": _STRING,
        "timestamp": {"type": "string", "format": "date-time"},
        "action": {"type": "string", "examples": ["pull", "push", "delete"]},
        "target": {
            "type": "object",
            "required": ["repository"],
            "properties": {
                "mediaType": _STRING,
                "repository": _STRING,
                "digest": _STRING,
                "tag": _STRING,
            },
        },
        "request": {
            "type": "object",
            "properties": {"addr": _STRING, "method": _STRING, "useragent": _STRING},
        },
        "actor": {"type": "object", "properties": {"name": _STRING}},
    },
}
_ENVELOPE = {"type": "object", "properties": {"events": {"type": "array", "items": _EVENT}}}
_MESSAGE = {"type": "object", "properties": {"message": _STRING}}


def _json(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


DISTRIBUTION: dict[str, Any] = {
    "post": {
        "operationId": "notifications_distribution",
        "tags": ["registries"],
        "summary": "Take a Distribution registry's notifications into the pull log",
        "security": [{"registryCredential": []}],
        "requestBody": {
            "required": True,
            "content": {
                media_type: {"schema": _ENVELOPE}
                for media_type in (
                    "application/vnd.docker.distribution.events.v1+json",
                    "application/vnd.docker.distribution.events.v2+json",
                )
            },
        },
        "responses": {
            "200": _json(
                "Taken; events that can't be read, or that matter to nobody, are passed over.",
                {"type": "object", "properties": {"recorded": {"type": "integer"}}},
            ),
            "400": _json("Not JSON.", _MESSAGE),
            "401": _json("No credential of a connected registry.", _MESSAGE),
            "413": _json("Too large.", _MESSAGE),
            "503": _json("It can't be taken at the moment.", _MESSAGE),
        },
    }
}
