"""Whose credentials a client of a registry has come with (HTTP Basic, or the OAuth2 form)."""

import base64
import binascii
from datetime import datetime

from orgs.passwords import user_with_password
from orgs.queries import organization_token, personal_token
from orgs.secrets import SecretKind, kind_of
from permissions.core.policy import SubjectKind
from permissions.facts import Claim
from permissions.queries import narrowing
from registries.throttle import (
    WRONG_PASSWORDS_FROM_ADDRESS,
    WRONG_PASSWORDS_OF_USER,
    count,
    exceeded,
)


class BadCredentials(Exception):
    """The name and secret don't go together. The text doesn't tell which is wrong (O0)."""


class TooManyAttempts(Exception):
    """Too many wrong passwords lately: not even a right one is looked at for a while."""


def decode_basic(encoded: str) -> tuple[str, str]:
    """Name and secret from HTTP Basic credentials (RFC 7617). Raises `BadCredentials`."""
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, ValueError):
        text = ""
    name, colon, secret = text.partition(":")
    if not colon:
        raise BadCredentials("The Basic credentials can't be read. Sign in again.")
    return name, secret


def claim_of(name: str, secret: str, address: str, now: datetime) -> Claim:
    """Who a name and a secret speak for: a user with their password or one of their access
    tokens, or an organization with one of its access tokens.

    Raises `BadCredentials` or `TooManyAttempts`.
    """
    match kind_of(secret):
        case SecretKind.PERSONAL:
            claim = _by_personal_token(name, secret, now)
        case SecretKind.ORGANIZATION:
            claim = _by_organization_token(name, secret, now)
        case _:
            claim = _by_password(name, secret, address)
    if claim is None:
        raise BadCredentials(
            "The user name and the password or access token don't go together. Sign in again."
        )
    return claim


def _by_personal_token(name: str, secret: str, now: datetime) -> Claim | None:
    token = personal_token(secret, now)
    if token is None or token.user.username != name:
        return None
    scope, limits = narrowing(token)
    return Claim(SubjectKind.USER, name, scope, limits)


def _by_organization_token(name: str, secret: str, now: datetime) -> Claim | None:
    token = organization_token(secret, now)
    if token is None or token.organization.name != name:
        return None
    return Claim(SubjectKind.TOKEN, token.public_id)


def _by_password(name: str, secret: str, address: str) -> Claim | None:
    if exceeded(WRONG_PASSWORDS_OF_USER, name) or exceeded(WRONG_PASSWORDS_FROM_ADDRESS, address):
        raise TooManyAttempts("Too many wrong passwords. Wait a minute, then sign in again.")
    user = user_with_password(name, secret)
    if user is None:
        count(WRONG_PASSWORDS_OF_USER, name)
        count(WRONG_PASSWORDS_FROM_ADDRESS, address)
        return None
    return Claim(SubjectKind.USER, user.username)
