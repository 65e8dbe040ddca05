"""What a registry's answer to `GET /v2/` says about whom it asks (RFC 9110, Distribution)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

_PARAMETER = re.compile(r'([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_LIVE_CHECK = "Hubadmin"
LONGEST_SHOWN = 200


class Finding(StrEnum):
    """What a registry turned out to do."""

    ASKS_BY_TOKEN = "asks_by_token"  # it sends clients to our token endpoint, by its service name
    ASKS_LIVE = "asks_live"  # something in front of it asks us about each request
    ASKS_ELSEWHERE = "asks_elsewhere"  # another realm or service than ours
    ASKS_NOBODY = "asks_nobody"  # it lets anybody in
    NO_REGISTRY = "no_registry"  # what answers is none


@dataclass(frozen=True, slots=True)
class Challenge:
    """A registry's answer, as far as it tells whom it asks."""

    finding: Finding
    status: int
    realm: str = ""
    service: str = ""


def read_challenge(
    status: int, headers: Sequence[tuple[str, str]], *, realm: str, service: str
) -> Challenge:
    """Compare an answer with the realm and service that would be ours."""
    values = [value for name, value in headers if name.lower() == "www-authenticate"]
    if status == 200 and any(_is_registry(name, value) for name, value in headers):
        return Challenge(Finding.ASKS_NOBODY, status)
    if status != 401 or not values:
        return Challenge(Finding.NO_REGISTRY, status)
    scheme, _, rest = values[0].strip().partition(" ")
    given = _parameters(rest)
    their_realm, their_service = given.get("realm", ""), given.get("service", "")
    if scheme.lower() == "basic" and their_realm == _LIVE_CHECK:
        finding = Finding.ASKS_LIVE
    elif scheme.lower() == "bearer" and (their_realm, their_service) == (realm, service):
        finding = Finding.ASKS_BY_TOKEN
    else:
        finding = Finding.ASKS_ELSEWHERE
    return Challenge(finding, status, their_realm[:LONGEST_SHOWN], their_service[:LONGEST_SHOWN])


def _is_registry(name: str, value: str) -> bool:
    return name.lower() == "docker-distribution-api-version" and value.startswith("registry/2")


def _parameters(text: str) -> Mapping[str, str]:
    return {
        name.lower(): re.sub(r"\\(.)", r"\1", quoted) or plain
        for name, quoted, plain in _PARAMETER.findall(text)
    }
