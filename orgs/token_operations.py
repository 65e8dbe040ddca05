"""Making and revoking access tokens."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from orgs.actor import Actor, Invalid, NotAllowed
from orgs.events import announce
from orgs.models import (
    AccessToken,
    Organization,
    OrganizationAccessToken,
    PersonalAccessToken,
    User,
)
from orgs.queries import organizations_of
from orgs.secrets import SecretKind, new_public_id, new_secret, secret_digest
from orgs.token_limits import read_limits
from orgs.transactions import operation, record_change, require_owner


def create_personal_token(
    actor: Actor,
    user: User,
    *,
    label: str,
    scope: str,
    expires_at: datetime | None = None,
    repositories: list[str] | None = None,
) -> tuple[PersonalAccessToken, str]:
    """Make a token that speaks as `user`; returns it and its secret, which is shown once."""
    if actor.user is not None and actor.user != user:
        raise NotAllowed("Only you can make your access tokens.")
    secret = new_secret(SecretKind.PERSONAL)
    token = PersonalAccessToken(user=user)
    with transaction.atomic():
        _fill(token, SecretKind.PERSONAL, secret, label, scope, expires_at, repositories)
        token.save(force_insert=True)
        record_change(
            actor,
            None,
            "personal_token.created",
            token.public_id,
            after={"user": user.username, "scope": scope},
        )
    return token, secret


def revoke_personal_token(actor: Actor, user: User, public_id: str) -> bool:
    """End a token at once. False if the user has no such live token."""
    if actor.user is not None and actor.user != user:
        raise NotAllowed("Only you can revoke your access tokens.")
    with transaction.atomic():
        live = PersonalAccessToken.objects.filter(user=user, public_id=public_id, revoked_at=None)
        if not live.update(revoked_at=timezone.now()):
            return False
        record_change(
            actor, None, "personal_token.revoked", public_id, before={"user": user.username}
        )
        announce(organizations_of(user))
    return True


@operation
def create_organization_token(
    actor: Actor,
    organization: Organization,
    *,
    label: str,
    scope: str,
    expires_at: datetime | None = None,
    repositories: list[str] | None = None,
) -> tuple[OrganizationAccessToken, str]:
    """Make a token that speaks as the organization; returns it and its secret."""
    require_owner(actor, organization, "make its access tokens")
    secret = new_secret(SecretKind.ORGANIZATION)
    token = OrganizationAccessToken(organization=organization, created_by=actor.user)
    _fill(token, SecretKind.ORGANIZATION, secret, label, scope, expires_at, repositories)
    token.save(force_insert=True)
    record_change(
        actor,
        organization,
        "organization_token.created",
        token.public_id,
        after={
            "label": label,
            "scope": scope,
            "repositories": token.repositories,
            "expires": None if expires_at is None else expires_at.date().isoformat(),
        },
    )
    announce([organization])
    return token, secret


@operation
def revoke_organization_token(actor: Actor, organization: Organization, public_id: str) -> bool:
    """End a token at once. False if the organization has no such live token."""
    require_owner(actor, organization, "revoke its access tokens")
    live = OrganizationAccessToken.objects.filter(public_id=public_id, revoked_at=None)
    if not live.update(revoked_at=timezone.now()):
        return False
    record_change(actor, organization, "organization_token.revoked", public_id)
    announce([organization])
    return True


def _fill(
    token: AccessToken,
    kind: SecretKind,
    secret: str,
    label: str,
    scope: str,
    expires_at: datetime | None,
    repositories: list[str] | None,
) -> None:
    if scope not in AccessToken.Scope.values:
        raise Invalid(f"There is no scope {scope}. Scopes: {', '.join(AccessToken.Scope.values)}.")
    if expires_at is not None and expires_at <= timezone.now():
        raise Invalid("An access token must expire in the future.")
    if not label.strip():
        raise Invalid("An access token needs a label that says what uses it.")
    limits = read_limits(repositories or [])
    token.public_id = new_public_id(kind)
    token.digest = secret_digest(secret)
    token.label = label
    token.scope = scope
    token.expires_at = expires_at
    token.repositories = limits
