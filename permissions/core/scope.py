"""Scopes of the Distribution token protocol: `repository:acme/app:pull,push`.

The grammar stands in distribution/distribution, docs/content/spec/auth/scope.md. The name is left
as it was sent: whether it is a valid reference is the decision's business, and one that is not
counts as refused, not as malformed.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from permissions.core.text import shown

MAX_LENGTH = 4352  # a whole reference (4096), with room for type and actions
MAX_SCOPES = 100
MAX_ACTIONS = 16

_TYPE = re.compile(r"([a-z0-9]+)(?:\(([a-z0-9]+)\))?")
_ACTION = re.compile(r"[a-z*]*")
_NAME = re.compile(r"[!-~]+")


class InvalidScope(ValueError):
    """A text that is no resource scope; `str()` is a sentence for the person who wrote it."""


@dataclass(frozen=True, slots=True)
class ResourceScope:
    """What a client asks for on one resource; actions in the order asked, without duplicates."""

    type: str
    name: str
    actions: tuple[str, ...]
    type_class: str | None = None

    def __str__(self) -> str:
        type_class = f"({self.type_class})" if self.type_class else ""
        return f"{self.type}{type_class}:{self.name}:{','.join(self.actions)}"


def parse_scope(text: str) -> ResourceScope:
    """Read one resource scope. The name may hold `host:port`. Raises `InvalidScope`."""
    if len(text) > MAX_LENGTH:
        raise InvalidScope(
            f"The scope is {len(text)} characters long: at most {MAX_LENGTH} are allowed."
        )
    head, _, rest = text.partition(":")
    name, last_colon, tail = rest.rpartition(":")
    if not last_colon:
        raise InvalidScope(
            f"The scope {shown(text)} is incomplete: a type, a name and actions are needed, "
            "separated by colons."
        )
    kind = _TYPE.fullmatch(head)
    if kind is None:
        raise InvalidScope(
            f"The scope's type {shown(head)} is not valid: lower-case letters and digits are "
            "allowed, then optionally a class in parentheses."
        )
    if not _NAME.fullmatch(name):
        raise InvalidScope(
            f"The scope's name {shown(name)} is not valid: "
            "at least one character, and only printable ASCII without spaces, is allowed."
        )
    return ResourceScope(kind[1], name, _actions(tail), kind[2])


def split_scopes(values: Iterable[str]) -> list[str]:
    """Return the single scopes in `scope` parameters, each of which may hold several by spaces.

    Raises `InvalidScope` when there are more than a client has use for.
    """
    scopes: list[str] = []
    for value in values:
        if len(value) > MAX_SCOPES * MAX_LENGTH:
            raise InvalidScope(f"The scope parameter is {len(value)} characters long: too long.")
        scopes += [scope for scope in value.split(" ") if scope]
        if len(scopes) > MAX_SCOPES:
            raise InvalidScope(f"More than {MAX_SCOPES} scopes are asked for at once.")
    return scopes


def merge(scopes: Iterable[ResourceScope]) -> tuple[ResourceScope, ...]:
    """Join the actions of scopes of one type, class and name, everything in first-seen order."""
    merged: dict[tuple[str, str | None, str], ResourceScope] = {}
    for scope in scopes:
        key = (scope.type, scope.type_class, scope.name)
        known = merged.get(key, replace(scope, actions=()))
        merged[key] = replace(known, actions=_unique((*known.actions, *scope.actions)))
    return tuple(merged.values())


def _actions(text: str) -> tuple[str, ...]:
    """Read the actions after the last colon; an empty one is grammatical and asks for nothing."""
    actions = _unique(text.split(","))
    if len(actions) > MAX_ACTIONS:
        raise InvalidScope(f"The scope asks for more than {MAX_ACTIONS} actions.")
    for action in actions:
        if not _ACTION.fullmatch(action):
            raise InvalidScope(
                f"The scope's action {shown(action)} is not valid: "
                "lower-case letters, or * for all, are allowed."
            )
    return actions


def _unique(actions: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(action for action in actions if action))
