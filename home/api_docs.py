"""The OpenAPI document, laid out for people."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path, with what a reader wants to know first."""

    id: str
    method: str
    path: str
    summary: str
    authentication: str
    parameters: list[dict[str, Any]]
    responses: list[tuple[str, str]]


@cache
def operations_by_tag() -> dict[str, list[Operation]]:
    """All documented operations, grouped as the document groups them."""
    schema = SchemaGenerator().get_schema(public=True)
    found: dict[str, list[Operation]] = {}
    for path, methods in schema["paths"].items():
        for method in METHODS:
            if method in methods:
                tag = methods[method]["tags"][0]
                found.setdefault(tag, []).append(_operation(path, method, methods[method]))
    return found


def _operation(path: str, method: str, described: dict[str, Any]) -> Operation:
    responses = described.get("responses", {}).items()
    return Operation(
        id=described["operationId"],
        method=method.upper(),
        path=path,
        summary=described.get("summary", ""),
        authentication=", ".join(
            name for scheme in described.get("security", []) for name in scheme
        ),
        parameters=described.get("parameters", []),
        responses=[(status, answer.get("description", "")) for status, answer in responses],
    )
