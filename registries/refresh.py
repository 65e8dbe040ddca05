"""Refresh tokens: what `docker login` keeps in place of a password or an access token.

Docker Engine calls it an identity token. It stores the one it was given at sign-in and drops any
that comes later, so a refresh token is not replaced when it is used.
"""

import ipaddress
from dataclasses import dataclass
from datetime import datetime

from orgs.models import Membership, OrganizationAccessToken, PersonalAccessToken, RefreshToken
from orgs.queries import membership_of, refresh_token
from orgs.refresh_operations import Credential, issue_refresh_token
from orgs.secrets import SecretKind, kind_of
from permissions.core.facts import Registry
from permissions.facts import Claim
from registries.credentials import BadCredentials, TooManyAttempts, claim_on
from registries.throttle import WRONG_REFRESH_TOKENS_FROM_ADDRESS, count, exceeded

CLIENT_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Stay:
    """A wish to stay signed in: on which credential, by which client, from where."""

    credential: Credential
    client: str
    address: str


def offer(stay: Stay, registry: Registry, now: datetime) -> str | None:
    """A refresh token for this registry; None for people outside of its organization.

    They may pull nothing there, and a token without a membership would have nothing to end with.
    """
    membership = _membership(stay.credential, registry)
    at_home = membership is not None or _is_its_token(stay.credential, registry)
    if registry.organization is not None and not at_home:
        return None
    return issue_refresh_token(
        stay.credential,
        service=registry.service,
        membership=membership,
        client=_printable(stay.client),
        address=_address(stay.address),
        now=now,
    )


def claim_of_refresh_token(secret: str, registry: Registry, address: str, now: datetime) -> Claim:
    """Who a refresh token speaks for, narrowed as the credential on which it stands.

    Raises `BadCredentials` or `TooManyAttempts`.
    """
    if exceeded(WRONG_REFRESH_TOKENS_FROM_ADDRESS, address):
        raise TooManyAttempts("Too many dead sign-ins. Wait a minute, then sign in again.")
    token = (
        refresh_token(secret, registry.service, now)
        if kind_of(secret) is SecretKind.REFRESH
        else None
    )
    if token is None:
        count(WRONG_REFRESH_TOKENS_FROM_ADDRESS, address)
        raise BadCredentials("This sign-in has ended. Sign in again.")
    return claim_on(_credential(token))


def _credential(token: RefreshToken) -> Credential:
    credential = token.user or token.personal_token or token.organization_token
    assert credential is not None  # a constraint of the table
    return credential


def _membership(credential: Credential, registry: Registry) -> Membership | None:
    """The membership on which a person's sign-in hangs at an organization's registry."""
    if registry.organization is None or isinstance(credential, OrganizationAccessToken):
        return None
    user = credential.user if isinstance(credential, PersonalAccessToken) else credential
    return membership_of(user, registry.organization)


def _is_its_token(credential: Credential, registry: Registry) -> bool:
    return (
        isinstance(credential, OrganizationAccessToken)
        and credential.organization.name == registry.organization
    )


def _printable(client: str) -> str:
    text = "".join(character for character in client if character.isprintable())
    return text[:CLIENT_LENGTH]


def _address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None
