"""Who shows a secret: found in memory by the secret's keyed hash, and noted as used.

A secret that nobody has is looked for in the database each time: kept in memory, strangers' guesses
would drive out what counts.
"""

from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from typing import TypeVar

from django_scopes import scopes_disabled

from orgs.models import (
    AccessToken,
    OrganizationAccessToken,
    PersonalAccessToken,
    RefreshToken,
    User,
)
from orgs.names import is_name
from orgs.queries import (
    REFRESH_TOKEN_IDLE,
    REFRESH_TOKEN_LIFE_ON_PASSWORD,
    with_second_factor,
)
from orgs.secrets import SecretKind, kind_of, password_stamp, secret_digest
from permissions import cluster_queries, queries
from permissions.cluster_models import ClusterCredential
from permissions.core import facts as core
from permissions.core.policy import TokenLimit, TokenScope
from permissions.known import PART
from permissions.models import ConnectedRegistry, RegistryCredential
from permissions.reading import afterwards, forget, known, lasts_until, not_to_be_remembered
from permissions.snapshots.memory import Kind
from permissions.snapshots.store import Loaded
from permissions.uses import Used, note_use

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class TokenHolder:
    """Whose access token it is (`name`, of a user or an organization), and how it narrows them
    (D16)."""

    token_id: int
    public_id: str
    name: str
    holder_id: int
    scope: TokenScope
    limits: tuple[TokenLimit, ...] | None
    expires_at: datetime | None

    def is_live(self, now: datetime) -> bool:
        return self.expires_at is None or self.expires_at > now


@dataclass(frozen=True, slots=True)
class StayingSignedIn:
    """A refresh token, and what it stands on: an access token, or (none) a user's password."""

    id: int
    service: str
    created_at: datetime
    last_used_at: datetime
    username: str = ""
    personal: TokenHolder | None = None
    organization: TokenHolder | None = None

    def is_idle(self, now: datetime) -> bool:
        return self.last_used_at <= now - REFRESH_TOKEN_IDLE

    def is_live(self, now: datetime) -> bool:
        if self.is_idle(now):
            return False
        token = self.personal or self.organization
        if token is not None:
            return token.is_live(now)
        return self.created_at > now - REFRESH_TOKEN_LIFE_ON_PASSWORD


@dataclass(frozen=True, slots=True)
class _Registry:
    """A connected registry, and the credential it was found by, if it was by one."""

    facts: core.Registry
    id: int = 0
    credential_id: int = 0


@dataclass(frozen=True, slots=True)
class _Cluster:
    name: str
    credential_id: int


def registry_with_secret(secret: str) -> core.Registry | None:
    """The registry whose live credential this is, or None."""
    found = _with_secret(_REGISTRY_SECRET, SecretKind.REGISTRY, secret)
    if found is None:
        return None
    _used(Used(RegistryCredential, found.credential_id))
    return found.facts


def registry_named(service: str) -> core.Registry | None:
    """The connected registry that calls itself so, or None."""
    found = known(_REGISTRY, service) if is_name(service) else None
    return found.facts if found is not None else None


def registry_of_service(service: str) -> core.Registry | None:
    """The same; notes that a client asks for its sake."""
    found = known(_REGISTRY, service) if is_name(service) else None
    if found is None:
        return None
    _used(Used(ConnectedRegistry, found.id, "token_asked_at"))
    return found.facts


def cluster_with_secret(secret: str) -> str | None:
    """The name of the cluster whose live credential this is, or None."""
    found = _with_secret(_CLUSTER_SECRET, SecretKind.CLUSTER, secret)
    if found is None:
        return None
    _used(Used(ClusterCredential, found.credential_id))
    return found.name


def personal_token_holder(secret: str, now: datetime) -> TokenHolder | None:
    """The active user whose live personal access token this is, or None."""
    found = _with_secret(_PERSONAL_SECRET, SecretKind.PERSONAL, secret)
    if found is None or not found.is_live(now):
        return None
    lasts_until(found.expires_at)
    _used(Used(PersonalAccessToken, found.token_id))
    return found


def organization_token_holder(secret: str, now: datetime) -> TokenHolder | None:
    """The organization whose live access token this is, or None."""
    found = _with_secret(_ORGANIZATION_SECRET, SecretKind.ORGANIZATION, secret)
    if found is None or not found.is_live(now):
        return None
    lasts_until(found.expires_at)
    _used(Used(OrganizationAccessToken, found.token_id))
    return found


def staying_signed_in(secret: str, service: str, now: datetime) -> StayingSignedIn | None:
    """The live refresh token with this secret for the registry of this service, or None."""
    not_to_be_remembered()  # when it idles too long moves with every use
    found = _with_secret(_REFRESH_SECRET, SecretKind.REFRESH, secret)
    if found is not None and found.is_idle(now):
        # As far as is known here: it may have been used elsewhere since it was read.
        forget(_REFRESH_SECRET, secret_digest(secret))
        found = _with_secret(_REFRESH_SECRET, SecretKind.REFRESH, secret)
    if found is None or found.service != service or not found.is_live(now):
        return None
    _used(Used(RefreshToken, found.id))
    if found.personal is not None:
        _used(Used(PersonalAccessToken, found.personal.token_id))
    if found.organization is not None:
        _used(Used(OrganizationAccessToken, found.organization.token_id))
    return found


def _used(used: Used) -> None:
    afterwards(lambda now, _: note_use(used, now))


def _with_secret(kind: Kind[str, V], secret_kind: SecretKind, secret: str) -> V | None:
    return known(kind, secret_digest(secret)) if kind_of(secret) is secret_kind else None


def _load_registry_secret(digest: str) -> Loaded[_Registry] | None:
    credential = queries.live_registry_credential(digest)
    if credential is None:
        return None
    found = _Registry(
        queries.facts_about(credential.registry), credential.registry_id, credential.pk
    )
    return Loaded(found, _tags(digest, registry=credential.registry_id), PART)


def _load_registry(service: str) -> Loaded[_Registry] | None:
    registry = queries.stored_registry(service)
    if registry is None:
        return None
    found = _Registry(queries.facts_about(registry), registry.pk)
    return Loaded(found, frozenset({f"registry:{registry.pk}"}), PART)


def _load_cluster_secret(digest: str) -> Loaded[_Cluster] | None:
    credential = cluster_queries.live_cluster_credential(digest)
    if credential is None:
        return None
    found = _Cluster(credential.cluster.name, credential.pk)
    return Loaded(found, _tags(digest, cluster=credential.cluster_id), PART)


def _load_personal_secret(digest: str) -> Loaded[TokenHolder] | None:
    tokens = PersonalAccessToken.objects.select_related("user")
    token = tokens.filter(digest=digest, revoked_at=None, user__is_active=True).first()
    if token is None:
        return None
    return Loaded(_of_user(token), _tags(digest, user=token.user_id), PART)


def _load_organization_secret(digest: str) -> Loaded[TokenHolder] | None:
    with scopes_disabled():
        tokens = OrganizationAccessToken.objects.select_related("organization")
        token = tokens.filter(digest=digest, revoked_at=None).first()
    if token is None:
        return None
    return Loaded(_of_organization(token), _tags(digest, tenant=token.organization_id), PART)


def _load_refresh_secret(digest: str) -> Loaded[StayingSignedIn] | None:
    token = (
        RefreshToken.objects.select_related(
            "user", "personal_token__user", "organization_token__organization"
        )
        .annotate(second_factor=with_second_factor("user"))
        .filter(digest=digest)
        .first()
    )
    if token is None:
        return None
    personal, organization = token.personal_token, token.organization_token
    tags = set(_tags(digest))
    user = personal.user if personal is not None else token.user
    if user is not None:
        tags.add(f"user:{user.pk}")
    for access_token in (personal, organization):
        if access_token is not None:
            tags.add(f"digest:{access_token.digest}")
            if access_token.revoked_at is not None:
                return None
    if organization is not None:
        tags.add(f"tenant:{organization.organization_id}")
    if user is not None and not user.is_active:
        return None
    if token.user is not None and (token.second_factor or not _is_of(token.user, token)):
        return None
    found = StayingSignedIn(
        token.pk,
        token.service,
        token.created_at,
        token.last_used_at,
        token.user.username if token.user is not None else "",
        _of_user(personal) if personal is not None else None,
        _of_organization(organization) if organization is not None else None,
    )
    return Loaded(found, frozenset(tags), PART)


def _is_of(user: User, token: RefreshToken) -> bool:
    """Whether the password that the token was given for is the user's still (P9)."""
    return compare_digest(token.password_stamp, password_stamp(user.password))


def _of_user(token: PersonalAccessToken) -> TokenHolder:
    return _holder(token, token.user.username, token.user_id)


def _of_organization(token: OrganizationAccessToken) -> TokenHolder:
    return _holder(token, token.organization.name, token.organization_id)


def _holder(token: AccessToken, name: str, holder_id: int) -> TokenHolder:
    scope, limits = queries.narrowing(token)
    return TokenHolder(token.pk, token.public_id, name, holder_id, scope, limits, token.expires_at)


def _tags(digest: str, **ids: int) -> frozenset[str]:
    return frozenset({f"digest:{digest}", *(f"{tag}:{number}" for tag, number in ids.items())})


_REGISTRY = Kind("registry", _load_registry)
_REGISTRY_SECRET = Kind("registry_secret", _load_registry_secret)
_CLUSTER_SECRET = Kind("cluster_secret", _load_cluster_secret)
_PERSONAL_SECRET = Kind("personal_secret", _load_personal_secret)
_ORGANIZATION_SECRET = Kind("organization_secret", _load_organization_secret)
_REFRESH_SECRET = Kind("refresh_secret", _load_refresh_secret)
