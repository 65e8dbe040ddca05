"""The small request and answer that protocol modules speak, free of any framework."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qs

import msgspec

from orgs.guards import Guard
from registries.headers import Headers

_JSON = {"Content-Type": "application/json", "Cache-Control": "no-store"}
MAX_BODY = 2 * 1024 * 1024


class Request(NamedTuple):
    """One HTTP request. Header names are lower-case; `body` is at most `MAX_BODY` bytes."""

    method: str
    path: str
    query: str
    headers: Headers
    body: bytes
    address: str

    def parameters(self) -> dict[str, list[str]]:
        """The query's parameters, each with all its values in order."""
        return parse_qs(self.query, keep_blank_values=True, errors="replace")

    def form(self) -> dict[str, list[str]]:
        """The fields of an `application/x-www-form-urlencoded` body."""
        text = self.body.decode("utf-8", errors="replace")
        return parse_qs(text, keep_blank_values=True, errors="replace")

    def media_type(self) -> str:
        """The body's media type without parameters, lower-case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def authorization(self, scheme: str) -> str | None:
        """What follows this scheme in `Authorization`, or None if another or none is there."""
        given, _, value = self.headers.get("authorization", "").partition(" ")
        return value.strip() if given.lower() == scheme.lower() else None


class Answer(NamedTuple):
    """One HTTP response."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = MappingProxyType({})


class Unfinished(Protocol):
    """What stands of an answer that is another each time it is given, as a signed one is."""

    def finish(self, now: datetime) -> Answer:
        """The answer as it is given now."""


def json_answer(status: int, content: Any, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer with a JSON body that no cache keeps."""
    body = msgspec.json.encode(content)
    return Answer(status, body, {**_JSON, **headers} if headers else _JSON)


@dataclass(frozen=True, slots=True)
class Route:
    """Where a protocol module is mounted, who may come in, and how the OpenAPI page shows it.

    `failed` says an error that isn't the module's own in the words of its protocol. `below` makes
    it answer every path below its own too. `reads` names the headers that its answers are made
    from, if it is nothing but these, the rest of the request and what `permissions.reading` reads;
    see `registries.repeats`.
    """

    path: str
    methods: tuple[str, ...]
    handle: Callable[[Request], Answer | Unfinished]
    failed: Callable[[int, str], Answer]
    guard: Guard
    openapi: Mapping[str, Any]
    below: bool = False
    reads: tuple[str, ...] = ()

    @property
    def template(self) -> str:
        """The path as OpenAPI writes it."""
        return f"{self.path}/{{path}}" if self.below else self.path
