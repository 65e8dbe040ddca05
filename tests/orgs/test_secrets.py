"""Secrets: found by scanners, stored as keyed hashes, checked by form before any look-up."""

from datetime import timedelta

import pytest
from django.utils import timezone

from orgs.actor import Actor, Invalid, NotAllowed
from orgs.models import Organization, PersonalAccessToken
from orgs.queries import personal_token
from orgs.secrets import SecretKind, kind_of, new_secret, secret_digest
from orgs.token_operations import (
    create_organization_token,
    create_personal_token,
    revoke_organization_token,
    revoke_personal_token,
)
from permissions.callers import organization_token_holder
from permissions.core.reference import fold, parse
from permissions.queries import narrowing, policy_of
from tests.conftest import named_user

STAFF = Actor.site_staff()


@pytest.mark.parametrize("kind", SecretKind)
def test_a_secret_tells_its_kind_by_its_form(kind: SecretKind) -> None:
    secret = new_secret(kind)
    assert secret.startswith(kind)
    assert kind_of(secret) is kind
    assert new_secret(kind) != secret


@pytest.mark.parametrize("kind", SecretKind)
def test_a_mistyped_secret_is_known_without_looking(kind: SecretKind) -> None:
    secret = new_secret(kind)
    other = "a" if secret[20] != "a" else "b"
    for wrong in (secret[:20] + other + secret[21:], secret[:-1], secret + "0", secret.upper(), ""):
        assert kind_of(wrong) is None


def test_the_digest_is_keyed() -> None:
    import hashlib

    secret = new_secret(SecretKind.PERSONAL)
    assert secret_digest(secret) != hashlib.sha256(secret.encode()).hexdigest()
    assert len(secret_digest(secret)) == 64


@pytest.mark.django_db
def test_the_secret_itself_is_stored_nowhere() -> None:
    token, secret = create_personal_token(STAFF, named_user("mel"), label="CI", scope="repo:read")
    row = PersonalAccessToken.objects.filter(pk=token.pk).values().get()
    assert all(secret not in str(value) for value in row.values())
    assert secret[13:40] not in str(row)


@pytest.mark.django_db
def test_a_live_token_is_found_and_its_use_noted() -> None:
    token, secret = create_personal_token(STAFF, named_user("mel"), label="CI", scope="repo:read")
    assert token.last_used_at is None
    found = personal_token(secret, timezone.now())
    assert found == token
    token.refresh_from_db()
    assert token.last_used_at is not None


@pytest.mark.django_db
def test_a_token_ends_when_it_expires_is_revoked_or_its_user_is_deactivated() -> None:
    mel = named_user("mel")
    soon = timezone.now() + timedelta(hours=1)
    token, secret = create_personal_token(
        STAFF, mel, label="CI", scope="repo:read", expires_at=soon
    )
    assert personal_token(secret, soon) is None
    assert personal_token(secret, soon - timedelta(seconds=1)) == token
    assert revoke_personal_token(STAFF, mel, token.public_id)
    assert personal_token(secret, timezone.now()) is None
    assert not revoke_personal_token(STAFF, mel, token.public_id)

    _, other = create_personal_token(STAFF, mel, label="CI", scope="repo:read")
    mel.is_active = False
    mel.save()
    assert personal_token(other, timezone.now()) is None


def found_by(secret: str) -> str | None:
    holder = organization_token_holder(secret, timezone.now())
    return holder.public_id if holder else None


@pytest.mark.django_db
def test_organization_tokens_are_the_owners_business(acme: Organization) -> None:
    mel, olivia = (Actor(name, None, named_user(name)) for name in ("mel", "olivia"))
    with pytest.raises(NotAllowed):
        create_organization_token(mel, acme, label="CI", scope="repo:read")
    version = policy_of(acme).version
    token, secret = create_organization_token(olivia, acme, label="CI", scope="repo:read")
    assert found_by(secret) == token.public_id
    with pytest.raises(NotAllowed):
        revoke_organization_token(mel, acme, token.public_id)
    assert revoke_organization_token(olivia, acme, token.public_id)
    assert found_by(secret) is None
    assert policy_of(acme).version == version + 2


@pytest.mark.django_db
def test_nobody_makes_or_revokes_anothers_personal_token() -> None:
    mel = named_user("mel")
    token, _ = create_personal_token(STAFF, mel, label="CI", scope="repo:read")
    nina = Actor("nina", None, named_user("nina"))
    with pytest.raises(NotAllowed):
        create_personal_token(nina, mel, label="CI", scope="repo:read")
    with pytest.raises(NotAllowed):
        revoke_personal_token(nina, mel, token.public_id)
    assert not revoke_personal_token(STAFF, named_user("nina"), token.public_id)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "limit"),
    [
        ("docker.io/acme/app", "docker.io/acme/app"),
        ("acme/app", "docker.io/acme/app"),
        ("index.docker.io/acme/*", "docker.io/acme/*"),
        ("GHCR.io:443/acme/*", "ghcr.io/acme/*"),
        ("docker.io/nginx", "docker.io/library/nginx"),
        ("registry:5000/acme/app", "registry:5000/acme/app"),
    ],
)
def test_limits_are_read_as_images_are(typed: str, limit: str) -> None:
    token, _ = create_personal_token(
        STAFF, named_user("mel"), label="CI", scope="repo:read", repositories=[typed]
    )
    assert token.repositories == [limit]
    _, limits = narrowing(token)
    repository = fold(parse(typed.replace("*", "x")))
    assert limits is not None
    assert limits[0].contains(repository)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        {"label": " "},
        {"scope": "repo:all"},
        {"expires_at": timezone.now() - timedelta(days=1)},
        {"repositories": [""]},
        {"repositories": ["docker.io"]},
        {"repositories": ["docker.io/*"]},
        {"repositories": ["docker.io/Acme/App"]},
        {"repositories": ["docker.io/acme/app:1.2"]},
        {"repositories": ["docker.io/acme/*/app"]},
        {"repositories": ["-/acme"]},
        {"repositories": ["a..b/acme/app"]},
        {"repositories": [f"docker.io/{'a' * 256}"]},
        {"repositories": ["docker.io/acme\n"]},
    ],
)
def test_a_token_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    fields = {"label": "CI", "scope": "repo:read", **wrong}
    with pytest.raises(Invalid):
        create_personal_token(STAFF, named_user("mel"), **fields)  # type: ignore[arg-type]
