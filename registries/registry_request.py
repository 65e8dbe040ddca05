"""What a client does at a registry, read from a request of the Distribution API alone.

The specification is OCI's distribution-spec; the routes are those of Distribution, which matches
the path after decoding it once. We decode once as well, and refuse whatever a registry could still
read in another way than we do, so that what was judged is what is done.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote_to_bytes

from permissions.core.reference import path_problem
from permissions.core.text import shown

PING, CATALOG = "ping", "catalog"

_MAX_LENGTH = 8192

# Matched with fullmatch. Names, tags, digests, and the identifiers of uploads need no others.
_SEGMENT = re.compile(r"[A-Za-z0-9._~:=+@,-]*")
_PRINTABLE = re.compile(r"[!-~]*")
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")

_READ = {"GET": "pull", "HEAD": "pull"}
_MANIFEST = {**_READ, "PUT": "push", "DELETE": "delete"}
_BLOB = {**_READ, "DELETE": "delete"}
_UPLOAD = dict.fromkeys(("GET", "HEAD", "PATCH", "PUT", "DELETE"), "push")


class Unreadable(ValueError):
    """No request that a registry answers, or one that could be read in two ways.

    `str()` is a sentence for the person whose client sent it.
    """


@dataclass(frozen=True, slots=True)
class RegistryRequest:
    """What is done: `action` is pull, push or delete in a repository, `PING` or `CATALOG`.

    `reference` is the manifest's, as it follows a repository's name: `:1.2` or `@sha256:…`.
    `mounted_from` is the repository that a blob is taken from, which is a pull of that one (D13).
    `upstream` is the registry that a client thinks it asks through a mirror (`ns`).
    """

    action: str
    repository: str = ""
    reference: str = ""
    mounted_from: str = ""
    upstream: str = ""

    @property
    def is_part(self) -> bool:
        """Whether it is about a part of an image, which is of no use without its manifest."""
        return bool(self.repository) and not self.reference


def read_target(method: str, target: str, content_type: str = "") -> RegistryRequest:
    """Read a request from its method and its target as it was sent, path and query undecoded.

    Raises `Unreadable`.
    """
    if len(target) > _MAX_LENGTH:
        raise Unreadable(f"The request's address is {len(target)} characters long: too long.")
    path, _, query = target.partition("?")
    return _read(method, [_decoded(segment) for segment in path.split("/")], query, content_type)


def read_path(method: str, path: str, query: str, content_type: str = "") -> RegistryRequest:
    """Read a request whose path has been decoded once already. Raises `Unreadable`."""
    if len(path) + len(query) > _MAX_LENGTH:
        raise Unreadable("The request's address is too long.")
    return _read(method, path.split("/"), query, content_type)


def mounted_from(query: str, content_type: str = "") -> str:
    """The repository that the start of an upload takes its blob from, or "".

    Raises `Unreadable`.
    """
    # Distribution reads `from` and `mount` from a form in the body as well, and prefers it.
    if "form" in content_type.lower():
        raise Unreadable(
            f"An upload can't be started by a form ({shown(content_type)}): "
            "send application/octet-stream, or no Content-Type."
        )
    fields = _parameters(query)
    source, blob = _single(fields, "from"), _single(fields, "mount")
    if blob and not source:
        raise Unreadable(
            "The mount names no repository to take the blob from: name it in from, or upload."
        )
    return repository_named(source) if source else ""


def repository_named(name: str) -> str:
    """The name, if a repository can have it. Raises `Unreadable`."""
    problem = path_problem(name)
    if problem is not None:
        raise Unreadable(problem)
    return name


def _read(method: str, segments: Sequence[str], query: str, content_type: str) -> RegistryRequest:
    _check_segments(segments)
    if segments[:2] != ["", "v2"]:
        raise Unreadable("A registry answers below /v2/ only.")
    parameters = _parameters(query)
    upstream = _single(parameters, "ns")
    rest = segments[2:]
    if rest in ([], [""]):
        return RegistryRequest(_action(method, dict.fromkeys(_READ, PING)), upstream=upstream)
    if rest == ["_catalog"]:
        return RegistryRequest(_action(method, dict.fromkeys(_READ, CATALOG)), upstream=upstream)
    actions, name, reference = _routed(rest)
    return RegistryRequest(
        action=_action(method, actions),
        repository=repository_named(name),
        reference=reference,
        mounted_from=mounted_from(query, content_type) if method == "POST" else "",
        upstream=upstream,
    )


def _routed(rest: Sequence[str]) -> tuple[Mapping[str, str], str, str]:
    """The actions of a route by method, the repository, and the manifest's reference or "".

    A name may hold the routes' own words, so a route is recognized by its end. No end fits two.
    """
    match rest:
        case [*name, "blobs", "uploads"] | [*name, "blobs", "uploads", ""]:
            return {"POST": "push"}, "/".join(name), ""
        case [*name, "blobs", "uploads", _]:
            return _UPLOAD, "/".join(name), ""
        case [*name, "manifests", reference]:
            return _MANIFEST, "/".join(name), f"{'@' if ':' in reference else ':'}{reference}"
        case [*name, "blobs", _]:
            return _BLOB, "/".join(name), ""
        case [*name, "tags", "list"] | [*name, "referrers", _]:
            return _READ, "/".join(name), ""
    raise Unreadable("No registry answers at this address.")


def _action(method: str, actions: Mapping[str, str]) -> str:
    if method not in actions:
        raise Unreadable(
            f"The method {shown(method)} means nothing here: use {' or '.join(actions)}."
        )
    return actions[method]


def _decoded(segment: str) -> str:
    """One component of a path, decoded once. What isn't ASCII then is replaced, to be refused."""
    if _BROKEN_ESCAPE.search(segment):
        raise Unreadable(f"The path component {shown(segment)} holds a % that encodes nothing.")
    return unquote_to_bytes(segment).decode("ascii", errors="replace")


def _check_segments(segments: Sequence[str]) -> None:
    for segment in segments:
        if not _SEGMENT.fullmatch(segment) or segment in (".", ".."):
            raise Unreadable(
                f"The path component {shown(segment)} is not valid in a registry's address: "
                "letters, digits and . _ - : are allowed, percent-encoded at most once, "
                "and no . or .. alone."
            )
    # The last one is empty at /v2/ and where an upload begins.
    if "" in segments[1:-1] or (segments[-1] == "" and not _may_end_empty(segments)):
        raise Unreadable(
            "The path holds an empty component: write single slashes, none at its end."
        )


def _may_end_empty(segments: Sequence[str]) -> bool:
    return len(segments) <= 3 or segments[-3:-1] == ["blobs", "uploads"]


def _parameters(query: str) -> list[tuple[str, str]]:
    """The query's parameters in order, each decoded once."""
    # Some registries end a parameter at a semicolon and others don't.
    if not _PRINTABLE.fullmatch(query) or ";" in query or _BROKEN_ESCAPE.search(query):
        raise Unreadable(f"The query {shown(query)} is malformed: percent-encode its values.")
    return parse_qsl(query, keep_blank_values=True, errors="replace")


def _single(parameters: Sequence[tuple[str, str]], name: str) -> str:
    values = [value for key, value in parameters if key == name]
    if len(values) > 1:
        raise Unreadable(f"The query gives {name} {len(values)} times: give it once.")
    return values[0] if values else ""
