"""Reading a token request, however a client has put it: GET with Basic, or the OAuth2 form."""

from dataclasses import dataclass
from datetime import datetime

from permissions.callers import registry_of_service
from permissions.core.facts import Registry
from permissions.facts import ANONYMOUS, Claim
from registries.credentials import BadCredentials, decode_basic, sign_in
from registries.http import Request
from registries.refresh import Stay, claim_of_refresh_token

Fields = dict[str, list[str]]


class Malformed(Exception):
    """The request is not one of the protocol. The text says what is wrong."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a client asks for. `stay` is set if it wants a refresh token too."""

    claim: Claim
    registry: Registry
    scopes: list[str]
    stay: Stay | None


def read(request: Request, now: datetime) -> Wanted:
    """What this request asks for, in whose name.

    Raises `Malformed`, `BadCredentials` or `TooManyAttempts`.
    """
    return _posted(request, now) if request.method == "POST" else _got(request, now)


def _got(request: Request, now: datetime) -> Wanted:
    fields = request.parameters()
    registry = _registry(fields, now)
    scopes = fields.get("scope", [])
    basic = request.authorization("Basic")
    if basic is None and "authorization" in request.headers:
        raise BadCredentials("Sign in with HTTP Basic credentials.")
    if basic is None:
        return Wanted(ANONYMOUS, registry, scopes, None)
    signed_in = sign_in(*decode_basic(basic), request.address, now)
    stays = fields.get("offline_token") == ["true"]
    stay = Stay(signed_in, _client(fields), request.address) if stays else None
    return Wanted(signed_in.claim, registry, scopes, stay)


def _posted(request: Request, now: datetime) -> Wanted:
    if request.media_type() != "application/x-www-form-urlencoded":
        raise Malformed("Send the fields as application/x-www-form-urlencoded.")
    fields = request.form()
    registry = _registry(fields, now)
    scopes = fields.get("scope", [])
    match _only(fields, "grant_type"):
        case "password":
            name, secret = _only(fields, "username"), _only(fields, "password")
            signed_in = sign_in(name, secret, request.address, now)
            stays = fields.get("access_type") == ["offline"]
            stay = Stay(signed_in, _client(fields), request.address) if stays else None
            return Wanted(signed_in.claim, registry, scopes, stay)
        case "refresh_token":
            secret = _only(fields, "refresh_token")
            claim = claim_of_refresh_token(secret, registry, request.address, now)
            return Wanted(claim, registry, scopes, None)
    raise Malformed("The grant_type must be password or refresh_token.")


def _registry(fields: Fields, now: datetime) -> Registry:
    service = _only(fields, "service")
    registry = registry_of_service(service)
    if registry is None:
        raise Malformed(
            f"No registry calls itself {service[:60]!r} here. "
            "Use the service name under which it was connected."
        )
    return registry


def _only(fields: Fields, name: str) -> str:
    values = fields.get(name, [])
    if len(values) != 1 or not values[0]:
        raise Malformed(f"Give {name} exactly once.")
    return values[0]


def _client(fields: Fields) -> str:
    return next(iter(fields.get("client_id", [])), "")
