"""Whose credentials a client of a registry has come with (HTTP Basic, or the OAuth2 form)."""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime

from orgs.passwords import stamp_of_password
from orgs.refresh_operations import Credential
from orgs.secrets import SecretKind, kind_of
from permissions.callers import TokenHolder, organization_token_holder, personal_token_holder
from permissions.core.policy import SubjectKind
from permissions.facts import Claim, user_known_as
from permissions.reading import once
from registries.throttle import (
    PASSWORDS_FROM_ADDRESS,
    PASSWORDS_OF_USER,
    address_key,
    count,
    forget,
    refused_here,
)

# One sentence for everybody: whether a password was right, or somebody has a second factor, is
# nobody's to learn here (O0).
DO_NOT_GO_TOGETHER = (
    "The user name and the password or access token don't go together. Sign in again. "
    "With two-factor authentication switched on, use an access token as the password."
)
TOO_MANY = "Too many wrong passwords. Wait a minute, then sign in again."

# What is longer than any name is counted by its beginning.
_LONGEST = 64


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


@dataclass(frozen=True, slots=True)
class SignIn:
    """Who has come, and on which credential; a person by number, or an organization by name."""

    claim: Claim
    credential: Credential
    user: int | None = None
    organization: str = ""


def claim_of(name: str, secret: str, address: str, now: datetime) -> Claim:
    """Who a name and a secret speak for. Raises as `sign_in`."""
    return sign_in(name, secret, address, now).claim


def sign_in(name: str, secret: str, address: str, now: datetime) -> SignIn:
    """A user with their password or one of their access tokens, or an organization with one of
    its access tokens.

    Raises `BadCredentials` or `TooManyAttempts`.
    """
    match kind_of(secret):
        case SecretKind.PERSONAL:
            signed_in = _by_personal_token(name, secret, now)
        case SecretKind.ORGANIZATION:
            signed_in = _by_organization_token(name, secret, now)
        case _:
            signed_in = _by_password(name, secret, address)
    if signed_in is None:
        raise BadCredentials(DO_NOT_GO_TOGETHER)
    return signed_in


def claim_of_user(token: TokenHolder) -> Claim:
    """Whom a personal access token speaks for, as it narrows them (D16)."""
    return Claim(SubjectKind.USER, token.name, token.scope, token.limits)


def _by_personal_token(name: str, secret: str, now: datetime) -> SignIn | None:
    token = personal_token_holder(secret, now)
    if token is None or token.name != name:
        return None
    credential = Credential(personal_token=token.token_id)
    return SignIn(claim_of_user(token), credential, user=token.holder_id)


def _by_organization_token(name: str, secret: str, now: datetime) -> SignIn | None:
    token = organization_token_holder(secret, now)
    if token is None or token.name != name:
        return None
    claim = Claim(SubjectKind.TOKEN, token.public_id)
    return SignIn(claim, Credential(organization_token=token.token_id), organization=name)


def _by_password(name: str, secret: str, address: str) -> SignIn | None:
    guesses = _Guesses(name[:_LONGEST], address_key(address))
    # Before a remembered password too, or a refusal would tell wrong from right.
    guesses.refuse_after_too_many()
    user = user_known_as(name)
    stamp = stamp_of_password(name, secret, user.password_stamp if user else None, guesses.count)
    if guesses.counted and stamp is not None:
        forget(PASSWORDS_OF_USER, name)
    if user is None or stamp is None:
        return None
    claim = Claim(SubjectKind.USER, name)
    return SignIn(claim, Credential(user=user.id, password_stamp=stamp), user=user.id)


@dataclass(slots=True)
class _Guesses:
    """The passwords tried lately for a name and from a network. What is asked for in one request
    counts as one, also if its answer is made anew."""

    name: str
    network: str
    counted: bool = False

    def refuse_after_too_many(self) -> None:
        """Raise `TooManyAttempts` if this process knows of too many."""
        if once(("guesses", self.name), self._are_too_many_here):
            raise TooManyAttempts(TOO_MANY)

    def count(self) -> None:
        """Count one more, before it is looked at, so that many at once are no way around.

        Raises `TooManyAttempts`.
        """
        self.counted = True
        if not once(("guess", self.name), self._count):
            raise TooManyAttempts(TOO_MANY)

    def _are_too_many_here(self) -> bool:
        return refused_here(PASSWORDS_FROM_ADDRESS, self.network) or refused_here(
            PASSWORDS_OF_USER, self.name
        )

    def _count(self) -> bool:
        within = count(PASSWORDS_FROM_ADDRESS, self.network)
        return count(PASSWORDS_OF_USER, self.name) and within
