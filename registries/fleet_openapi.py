"""How the OpenAPI page shows what fleet tools fetch."""

from typing import Any

from enforcement.artefacts import NAMES

_PROBLEM = {"application/problem+json": {"schema": {"type": "object"}}}
_DIGEST = {
    "ETag": {
        "description": "Send it as If-None-Match. Weak for a signature, else strong.",
        "schema": {"type": "string"},
    },
    "Repr-Digest": {
        "description": "SHA-256 (RFC 9530).",
        "schema": {"type": "string", "examples": ["sha-256=:dRqUOS9Ff2xPXElI…:"]},
    },
}


def _error(description: str) -> dict[str, Any]:
    return {"description": description, "content": _PROBLEM}


ARTEFACT: dict[str, Any] = {
    "get": {
        "operationId": "fleet_artefact",
        "tags": ["fleet"],
        "summary": "A file of Enforce Sign-in, for the organization whose access token comes",
        "description": "The same bytes as on the page. Add `.sha256` to its name for its hash, as "
        "`sha256sum --check` reads it, and `.p7s` for a detached CMS signature, to be verified "
        "with `/auth/ca.pem`.",
        "security": [{"organizationToken": []}],
        "parameters": [
            {
                "name": "path",
                "in": "path",
                "required": True,
                "schema": {
                    "type": "string",
                    "enum": [
                        f"{name}{ending}" for name in NAMES for ending in ("", ".sha256", ".p7s")
                    ],
                },
            },
            {
                "name": "org",
                "in": "query",
                "description": "The organization's own name, if any; it adds nothing.",
                "schema": {"type": "string"},
            },
            {"name": "If-None-Match", "in": "header", "schema": {"type": "string"}},
        ],
        "responses": {
            "200": {
                "description": "The file.",
                "headers": _DIGEST,
                "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}},
            },
            "304": {"description": "It is what you have."},
            "401": _error("No access token of an organization, or a bad one."),
            "403": _error("Another organization's name, or a plan without Enforce Sign-in."),
            "404": _error("No file of this name."),
            "503": _error("There is no key to sign with, or the database can't be read."),
        },
    }
}
