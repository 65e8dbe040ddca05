"""Image references, read exactly as a container client reads them, and the repository they mean.

The grammar is that of `ParseNormalizedNamed` in github.com/distribution/reference v0.6.0. Reading
and folding are two steps on purpose: what was read is shown and logged as it was asked, what was
folded is what rules look at.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from permissions.core.text import shown

MAX_LENGTH = 4096
_REMEMBERED, _REMEMBERED_HOSTS = 5000, 1000
HUB = "docker.io"

_MAX_PATH_LENGTH = 255
_LEGACY_HUB = "index.docker.io"
_HUB_ALIASES = frozenset({_LEGACY_HUB, "registry-1.docker.io", "registry.hub.docker.com"})
_OFFICIAL = "library/"

# Every pattern is matched with fullmatch: `$` would let a trailing newline through. No text can be
# divided among a pattern's parts in two ways, so a hostile one gives the matcher nothing to try
# again: time stays linear. (Possessive quantifiers would say so, but Python 3.11.2 misreads them:
# it takes the host `a-.b` for a valid one.)
_COMPONENT = re.compile(r"[a-z0-9]+(?:(?:__|[._]|-+)[a-z0-9]+)*")
_HOST = re.compile(
    r"(?:[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*(?:\.[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*)*"
    r"|\[[A-Fa-f0-9:]+\])(?::[0-9]+)?"
)
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_IDENTIFIER = re.compile(r"[a-f0-9]{64}")
_DIGEST = re.compile(r"sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128}")


class InvalidReference(ValueError):
    """A text that is no image reference; `str()` is a sentence for the person who wrote it (C8)."""


class ImageReference(NamedTuple):
    """A reference as it was read: familiar names completed, everything else untouched."""

    host: str
    path: str
    tag: str | None = None
    digest: str | None = None

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.host}/{self.path}{tag}{digest}"


class Repository(NamedTuple):
    """A repository after folding: what categories, namespaces and rules are matched against."""

    host: str
    path: str

    def __str__(self) -> str:
        return f"{self.host}/{self.path}"


def parse(text: str) -> ImageReference:
    """Read an image reference as `ParseNormalizedNamed` v0.6.0 does, in time linear in its length.

    Takes any string; nothing is trimmed, decoded or repaired (C8). Raises `InvalidReference` for
    what that function refuses and for what it gives an empty host (`a_b.c/x`).
    """
    # Before anything looks at the whole text, as remembering it would.
    _refuse_long(text)
    return _parse(text)


# Build machines ask for the same few images again and again.
@lru_cache(_REMEMBERED)
def _parse(text: str) -> ImageReference:
    _refuse_unreadable(text)
    _refuse_identifier(text)
    name, digest = _cut(text, "@")
    host, rest = _split_host(name)
    if host == HUB and "/" not in rest:
        rest = _OFFICIAL + rest
    path, tag = _cut(rest, ":")
    _check_host(host)
    _check_path(path)
    if tag is not None and not _TAG.fullmatch(tag):
        raise InvalidReference(
            f"The tag {shown(tag)} is not valid: up to 128 letters, digits, dots, hyphens and "
            "underscores are allowed, not beginning with a dot or hyphen."
        )
    if digest is not None and not _DIGEST.fullmatch(digest):
        raise InvalidReference(
            f"The digest {shown(digest)} is not valid: sha256, sha384 or sha512, a colon and "
            "64, 96 or 128 lower-case hexadecimal digits are allowed."
        )
    return ImageReference(host, path, tag, digest)


def parse_namespace(text: str) -> tuple[str, str]:
    """Read a host and a path prefix, `docker.io/acme` or `acme`, as `parse` reads references.

    The path is empty where a host stands alone. Raises `InvalidReference`.
    """
    _refuse_long(text)
    _refuse_unreadable(text)
    first, slash, rest = text.partition("/")
    host, path = (first, rest) if means_host(first) else (HUB, text)
    _check_host(host)
    if path or slash:
        _check_path(path)
    return host, path


def path_prefixes(path: str) -> list[str]:
    """Return the paths of whole components that a path lies below, and itself, shortest first."""
    prefixes = []
    end = path.find("/")
    while end >= 0:
        prefixes.append(path[:end])
        end = path.find("/", end + 1)
    return [*prefixes, path]


def path_problem(path: str) -> str | None:
    """Say in one sentence what is wrong with the path of a repository, or return None."""
    if len(path) > _MAX_PATH_LENGTH:
        return (
            f"The path {shown(path)} is {len(path)} characters long: "
            f"at most {_MAX_PATH_LENGTH} are allowed."
        )
    for component in path.split("/"):
        if not _COMPONENT.fullmatch(component):
            return (
                f"The path component {shown(component)} is not valid: lower-case letters and "
                "digits are allowed, with one dot, one or two underscores, or hyphens between them."
            )
    return None


@lru_cache(_REMEMBERED_HOSTS)
def fold_host(host: str) -> str:
    """Return the one spelling of a registry's host (C6, C7)."""
    folded = host.lower().removesuffix(":443")
    return HUB if folded in _HUB_ALIASES else folded


def spelled(host: str) -> str:
    """Return a folded host as it must stand before a path to be read as a host again."""
    return host if means_host(host) else f"{host}:443"


def fold(reference: ImageReference, mirrors: frozenset[str] = frozenset()) -> Repository:
    """Return the repository that a reference means; tag and digest play no part (D14).

    `mirrors` are the folded hosts of connected registries whose upstream is Docker Hub (C6).
    """
    host = fold_host(reference.host)
    return repository_at(HUB if host in mirrors else host, reference.path)


def repository_at(host: str, path: str) -> Repository:
    """Return the repository at a path of a folded host; official ones may lack `library/`."""
    return Repository(host, path if host != HUB or "/" in path else _OFFICIAL + path)


def _refuse_long(text: str) -> None:
    """Refuse what can be no reference by its length alone: nothing long is ever scanned."""
    if len(text) > MAX_LENGTH:
        raise InvalidReference(
            f"The reference is {len(text)} characters long: at most {MAX_LENGTH} are allowed."
        )


def _refuse_unreadable(text: str) -> None:
    """Refuse what can be no reference whatever it names."""
    if not text:
        raise InvalidReference("The reference is empty: name an image, such as docker.io/acme/app.")
    if not text.isascii():
        position = next(i for i, character in enumerate(text) if not character.isascii())
        raise InvalidReference(
            f"The reference holds {shown(text[position])} at position {position + 1}: "
            "only ASCII letters, digits and punctuation are allowed."
        )


def _refuse_identifier(text: str) -> None:
    if _IDENTIFIER.fullmatch(text):
        raise InvalidReference(
            f"The reference {shown(text)} is 64 hexadecimal digits: that is an image ID; "
            "name a repository, optionally with a tag or a digest."
        )


def _cut(text: str, separator: str) -> tuple[str, str | None]:
    """Split at the first separator; None says there was none, as an empty tag is not no tag."""
    head, found, tail = text.partition(separator)
    return head, tail if found else None


def _split_host(name: str) -> tuple[str, str]:
    """Split a name into host and the rest; familiar names are on Docker Hub."""
    first, slash, rest = name.partition("/")
    if not slash or not means_host(first):
        return HUB, name
    return (HUB if first == _LEGACY_HUB else first), rest


def _check_host(host: str) -> None:
    if not _HOST.fullmatch(host):
        raise InvalidReference(
            f"The host {shown(host)} is not valid: letters, digits, single dots and inner hyphens, "
            "or an IPv6 address in brackets, are allowed, then optionally a colon and a port."
        )


def _check_path(path: str) -> None:
    problem = path_problem(path)
    if problem is not None:
        raise InvalidReference(problem)


def means_host(first: str) -> bool:
    """Whether the component before the first slash is a host rather than a Docker Hub namespace."""
    # An upper-case namespace can't exist, so an upper-case first component can only be a host.
    return "." in first or ":" in first or first == "localhost" or first != first.lower()
