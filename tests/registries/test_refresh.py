"""Refresh tokens: what a client keeps after a sign-in, and with what it ends (P9)."""

from datetime import timedelta

import httpx
import pytest
from django.utils import timezone

from orgs.actor import Actor
from orgs.member_operations import add_member, remove_members
from orgs.models import Organization, PersonalAccessToken, RefreshToken
from orgs.operations import deactivate_user, reactivate_user, set_password
from orgs.secrets import SecretKind, kind_of
from orgs.tasks import clear_dead_refresh_tokens
from orgs.token_operations import (
    create_organization_token,
    create_personal_token,
    revoke_organization_token,
    revoke_personal_token,
)
from permissions.operations import Settings, change_policy
from registries import throttle
from tests.conftest import NewVisitor, named_user
from tests.registries.conftest import Refresh, SignIn
from tests.registries.test_token import claims, error, granted

STAFF = Actor.site_staff()
OWN = "repository:acme/app:pull"


def lives(answer: httpx.Response) -> bool:
    if answer.status_code == 200:
        return True
    assert error(answer) == (401, "UNAUTHORIZED", "This sign-in has ended. Sign in again.")
    return False


def test_a_client_that_asks_to_stay_signed_in_can(sign_in: SignIn, refresh: Refresh) -> None:
    token = sign_in()
    assert kind_of(token) is SecretKind.REFRESH
    for _ in range(2):  # Docker Engine sends the same one every time
        answer = refresh(token)
        assert granted(answer) == {"acme/app": ["pull"]}
        assert claims(answer)["sub"] == "mel"
        assert "refresh_token" not in answer.json()


def test_the_oauth2_form_gives_one_for_offline_access(
    visitor: NewVisitor, refresh: Refresh, demo: dict[str, str]
) -> None:
    fields = {
        "grant_type": "password",
        "service": "acme",
        "client_id": "containerd",
        "username": "mel",
        "password": demo["DEMO_PASSWORD"],
        "scope": OWN,
    }
    for access_type in ({}, {"access_type": "online"}):
        answer = visitor().post("/auth/token", data=fields | access_type)
        assert "refresh_token" not in answer.json()
    answer = visitor().post("/auth/token", data=fields | {"access_type": "offline"})
    assert granted(answer) == {"acme/app": ["pull"]}
    assert lives(refresh(answer.json()["refresh_token"]))


@pytest.mark.parametrize("wish", [{}, {"offline_token": "false"}, {"offline_token": ""}])
def test_nobody_gets_one_unasked(
    visitor: NewVisitor, demo: dict[str, str], wish: dict[str, str]
) -> None:
    params = {"service": "acme", **wish}
    answer = visitor().get("/auth/token", params=params, auth=("mel", demo["DEMO_PASSWORD"]))
    assert answer.status_code == 200
    assert "refresh_token" not in answer.json()


def test_a_refusal_gives_none(
    visitor: NewVisitor, demo: dict[str, str], acme: Organization
) -> None:
    change_policy(STAFF, acme, Settings(True, True, True), None)
    params = {"service": "acme", "offline_token": "true", "scope": "repository:randomdev/tool:pull"}
    auth = ("mel", demo["DEMO_PASSWORD"])
    assert visitor().get("/auth/token", params=params, auth=auth).status_code == 401
    assert not RefreshToken.objects.exists()


def test_the_rules_of_the_moment_decide(
    sign_in: SignIn, refresh: Refresh, acme: Organization
) -> None:
    token, tool = sign_in(), "repository:randomdev/tool:pull"
    assert granted(refresh(token, tool)) == {"randomdev/tool": ["pull"]}
    change_policy(STAFF, acme, Settings(True, True, True), None)
    assert error(refresh(token, tool))[:2] == (401, "DENIED")


def test_one_service_s_token_opens_no_other(sign_in: SignIn, refresh: Refresh) -> None:
    token = sign_in()
    assert not lives(refresh(token, service="hub"))
    assert lives(refresh(token, service="acme"))


def test_it_ends_with_the_password(sign_in: SignIn, refresh: Refresh) -> None:
    token = sign_in()
    set_password(STAFF, named_user("mel"), "another-Passw0rd-entirely")
    assert not lives(refresh(token))


def test_it_ends_with_the_access_token_it_was_given_on(sign_in: SignIn, refresh: Refresh) -> None:
    mel = named_user("mel")
    personal, secret = create_personal_token(STAFF, mel, label="CI", scope="repo:read")
    token = sign_in(secret=secret)
    set_password(STAFF, mel, "another-Passw0rd-entirely")
    assert lives(refresh(token))
    assert revoke_personal_token(STAFF, mel, personal.public_id)
    assert not lives(refresh(token))


def test_it_ends_when_the_access_token_expires(sign_in: SignIn, refresh: Refresh) -> None:
    soon = timezone.now() + timedelta(hours=1)
    personal, secret = create_personal_token(
        STAFF, named_user("mel"), label="CI", scope="repo:read", expires_at=soon
    )
    token = sign_in(secret=secret)
    assert lives(refresh(token))
    earlier = timezone.now() - timedelta(hours=2)
    PersonalAccessToken.objects.filter(pk=personal.pk).update(
        created_at=earlier, expires_at=earlier + timedelta(hours=1)
    )
    assert not lives(refresh(token))


def test_it_is_as_narrow_as_the_access_token(sign_in: SignIn, refresh: Refresh) -> None:
    _, secret = create_personal_token(
        STAFF,
        named_user("olivia"),
        label="CI",
        scope="repo:read",
        repositories=["docker.io/acme/app"],
    )
    token = sign_in("olivia", secret)
    assert granted(refresh(token, "repository:acme/app:pull,push")) == {"acme/app": ["pull"]}
    assert error(refresh(token, "repository:acme/other:pull"))[:2] == (401, "DENIED")


def test_an_organization_s_token_can_stay_signed_in(
    sign_in: SignIn, refresh: Refresh, acme: Organization
) -> None:
    organization_token, secret = create_organization_token(
        STAFF, acme, label="CI", scope="repo:read"
    )
    token, elsewhere = sign_in("acme", secret), sign_in("acme", secret, service="hub")
    answer = refresh(token, "repository:acme/app:pull,push")
    assert granted(answer) == {"acme/app": ["pull"]}
    assert claims(answer)["sub"] == organization_token.public_id
    assert lives(refresh(elsewhere, service="hub"))
    assert revoke_organization_token(STAFF, acme, organization_token.public_id)
    assert not lives(refresh(token))
    assert not lives(refresh(elsewhere, service="hub"))


def test_it_ends_with_the_user_for_good(sign_in: SignIn, refresh: Refresh) -> None:
    mel = named_user("mel")
    _, secret = create_personal_token(STAFF, mel, label="CI", scope="repo:read")
    tokens = [sign_in(), sign_in(secret=secret)]
    deactivate_user(STAFF, mel)
    assert not any(lives(refresh(token)) for token in tokens)
    reactivate_user(STAFF, mel)
    assert not any(lives(refresh(token)) for token in tokens)


def test_it_ends_with_the_membership_for_good(
    sign_in: SignIn, refresh: Refresh, acme: Organization
) -> None:
    mel = named_user("mel")
    _, secret = create_personal_token(STAFF, mel, label="CI", scope="repo:read")
    tokens = [sign_in(), sign_in(secret=secret)]
    site_wide = sign_in(service="hub")
    remove_members(STAFF, acme, ["mel"])
    assert not any(lives(refresh(token)) for token in tokens)
    add_member(STAFF, acme, mel)
    assert not any(lives(refresh(token)) for token in tokens)
    # A site-wide registry serves people of no organization too.
    assert lives(refresh(site_wide, service="hub"))


def test_people_outside_an_organization_don_t_stay_signed_in_at_its_registry(
    visitor: NewVisitor, demo: dict[str, str]
) -> None:
    params = {"service": "acme", "offline_token": "true"}
    answer = visitor().get("/auth/token", params=params, auth=("nina", demo["DEMO_PASSWORD"]))
    assert answer.status_code == 200
    assert "refresh_token" not in answer.json()


@pytest.mark.parametrize(
    ("field", "age", "alive"),
    [
        ("last_used_at", timedelta(days=89), True),
        ("last_used_at", timedelta(days=91), False),
        ("created_at", timedelta(days=364), True),
        ("created_at", timedelta(days=366), False),
    ],
)
def test_it_ends_by_itself(
    sign_in: SignIn, refresh: Refresh, field: str, age: timedelta, alive: bool
) -> None:
    token = sign_in()
    then = timezone.now() - age
    dates = {"created_at": then} | ({"last_used_at": then} if field == "last_used_at" else {})
    RefreshToken.objects.update(**dates)
    assert lives(refresh(token)) is alive
    assert clear_dead_refresh_tokens() == (0 if alive else 1)


def test_one_on_an_access_token_lives_as_long_as_that(sign_in: SignIn, refresh: Refresh) -> None:
    _, secret = create_personal_token(STAFF, named_user("mel"), label="CI", scope="repo:read")
    token = sign_in(secret=secret)
    RefreshToken.objects.update(created_at=timezone.now() - timedelta(days=1000))
    assert lives(refresh(token))


def test_its_use_is_noted_to_the_minute_and_its_access_token_s_too(
    sign_in: SignIn, refresh: Refresh
) -> None:
    personal, secret = create_personal_token(
        STAFF, named_user("mel"), label="CI", scope="repo:read"
    )
    token = sign_in(secret=secret)
    long_ago = timezone.now() - timedelta(days=3)
    RefreshToken.objects.update(created_at=long_ago, last_used_at=long_ago)
    PersonalAccessToken.objects.update(last_used_at=long_ago)
    refresh(token)
    row = RefreshToken.objects.get()
    personal.refresh_from_db()
    assert row.last_used_at - long_ago > timedelta(days=2)
    assert personal.last_used_at == pytest.approx(row.last_used_at, abs=timedelta(minutes=1))
    refresh(token)
    assert RefreshToken.objects.get().last_used_at == row.last_used_at


def test_what_is_no_refresh_token_is_refused(
    sign_in: SignIn, refresh: Refresh, demo: dict[str, str]
) -> None:
    token = sign_in()
    other = "a" if token[20] != "a" else "b"
    for wrong in (token[:20] + other + token[21:], token.upper(), demo["MEL_TOKEN"], "\x00", "x"):
        assert not lives(refresh(wrong))
    assert error(refresh(""))[:2] == (400, "UNSUPPORTED")


def test_a_refresh_token_is_no_password(
    sign_in: SignIn, visitor: NewVisitor, demo: dict[str, str]
) -> None:
    token = sign_in()
    answer = visitor().get("/auth/token", params={"service": "acme"}, auth=("mel", token))
    assert error(answer)[:2] == (401, "UNAUTHORIZED")
    bearer = {"Authorization": f"Bearer {token}"}
    assert visitor().get("/v2/orgs/acme/settings", headers=bearer).status_code == 401


def test_guessing_is_slowed_down_without_touching_passwords(
    sign_in: SignIn, refresh: Refresh
) -> None:
    token = sign_in()
    for _ in range(throttle.WRONG_REFRESH_TOKENS_FROM_ADDRESS.amount):
        assert not lives(refresh("guess"))
    answer = refresh(token)
    assert error(answer)[:2] == (429, "TOOMANYREQUESTS")
    assert answer.headers["retry-after"] == "60"
    assert sign_in()
