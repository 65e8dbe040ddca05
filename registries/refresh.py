"""Refresh tokens: what `docker login` keeps in place of a password or an access token.

Docker Engine calls it an identity token. It stores the one it was given at sign-in and drops any
that comes later, so a refresh token is not replaced when it is used.
"""

import ipaddress
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from orgs.models import Membership
from orgs.queries import membership_of
from orgs.refresh_operations import issue_refresh_token
from orgs.secrets import SecretKind, new_secret
from permissions.callers import staying_signed_in
from permissions.core.facts import Registry
from permissions.core.policy import SubjectKind
from permissions.facts import Claim
from permissions.reading import afterwards, not_to_be_remembered, once
from registries.credentials import BadCredentials, SignIn, TooManyAttempts, claim_of_user
from registries.throttle import WRONG_REFRESH_TOKENS_FROM_ADDRESS, count, refused_here

CLIENT_LENGTH = 60
TOO_MANY = "Too many dead sign-ins. Wait a minute, then sign in again."


@dataclass(frozen=True, slots=True)
class Stay:
    """A wish to stay signed in: on which sign-in, by which client, from where."""

    signed_in: SignIn
    client: str
    address: str


def offer(stay: Stay, registry: Registry, now: datetime) -> str | None:
    """A refresh token for this registry; None for people outside of its organization.

    They may pull nothing there, and a token without a membership would have nothing to end with.
    """
    membership = _membership(stay.signed_in, registry)
    at_home = membership is not None or stay.signed_in.organization == registry.organization
    if registry.organization is not None and not at_home:
        return None
    not_to_be_remembered()  # everybody gets one of their own
    secret = new_secret(SecretKind.REFRESH)
    issue = partial(
        issue_refresh_token,
        secret,
        stay.signed_in.credential,
        service=registry.service,
        membership=membership.pk if membership is not None else None,
        client=_printable(stay.client),
        address=_address(stay.address),
        now=now,
    )
    # Nobody would ever use, or end, one of an answer that was made anew.
    afterwards(lambda now, occasion: issue())
    return secret


def claim_of_refresh_token(secret: str, registry: Registry, address: str, now: datetime) -> Claim:
    """Who a refresh token speaks for, narrowed as the credential on which it stands.

    Raises `BadCredentials` or `TooManyAttempts`.
    """
    if once("dead sign-ins", lambda: refused_here(WRONG_REFRESH_TOKENS_FROM_ADDRESS, address)):
        raise TooManyAttempts(TOO_MANY)
    token = staying_signed_in(secret, registry.service, now)
    if token is None:
        # Once, though the answer be made anew.
        if not once("dead sign-in", lambda: count(WRONG_REFRESH_TOKENS_FROM_ADDRESS, address)):
            raise TooManyAttempts(TOO_MANY)
        raise BadCredentials("This sign-in has ended. Sign in again.")
    if token.personal is not None:
        return claim_of_user(token.personal)
    if token.organization is not None:
        return Claim(SubjectKind.TOKEN, token.organization.public_id)
    return Claim(SubjectKind.USER, token.username)


def _membership(signed_in: SignIn, registry: Registry) -> Membership | None:
    """The membership on which a person's sign-in hangs at an organization's registry."""
    if registry.organization is None or signed_in.user is None:
        return None
    return membership_of(signed_in.user, registry.organization)


def _printable(client: str) -> str:
    text = "".join(character for character in client if character.isprintable())
    return text[:CLIENT_LENGTH]


def _address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None
