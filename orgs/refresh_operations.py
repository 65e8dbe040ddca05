"""Giving out, revoking and clearing away refresh tokens.

Giving one out is a sign-in, not a change of rules: it leaves no audit row, else every
`docker login` of a build farm would queue for the log.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from orgs.actor import Actor, NotAllowed
from orgs.models import RefreshToken, User
from orgs.queries import live_refresh_tokens, refresh_tokens_of
from orgs.secrets import SecretKind, new_public_id, secret_digest
from orgs.transactions import record_change


@dataclass(frozen=True, slots=True)
class Credential:
    """What a refresh token stands on, by number: a user's password (as it was, by its stamp), or
    one of the two kinds of access tokens."""

    user: int | None = None
    password_stamp: str = ""
    personal_token: int | None = None
    organization_token: int | None = None


def issue_refresh_token(
    secret: str,
    credential: Credential,
    *,
    service: str,
    membership: int | None,
    client: str,
    address: str | None,
    now: datetime,
) -> None:
    """Make a refresh token that stands on a credential, and at an organization's registry on a
    membership. Its secret is stored nowhere."""
    RefreshToken(
        public_id=new_public_id(SecretKind.REFRESH),
        digest=secret_digest(secret),
        service=service,
        user_id=credential.user,
        password_stamp=credential.password_stamp,
        personal_token_id=credential.personal_token,
        organization_token_id=credential.organization_token,
        membership_id=membership,
        client=client,
        address=address,
        created_at=now,
        last_used_at=now,
    ).save(force_insert=True)


def revoke_refresh_token(actor: Actor, user: User, public_id: str) -> bool:
    """End a registry sign-in at once. False if the user has none of this id."""
    if actor.user is not None and actor.user != user:
        raise NotAllowed("Only you can end your registry sign-ins.")
    with transaction.atomic():
        token = refresh_tokens_of(user).filter(public_id=public_id).first()
        if token is None:
            return False
        token.delete()
        before = {"user": user.username, "service": token.service}
        record_change(actor, None, "refresh_token.revoked", public_id, before=before)
    return True


def delete_dead_refresh_tokens(now: datetime) -> int:
    """Delete what has ended with time, a token or a user; returns how many.

    What ended with a password is found dead at its next use, and deleted when it has been idle.
    """
    live = RefreshToken.objects.filter(live_refresh_tokens(now))
    deleted, _ = RefreshToken.objects.exclude(pk__in=live.values("pk")).delete()
    return deleted
