"""How refresh tokens are kept, shown and cleared away."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from orgs.actor import Actor, NotAllowed
from orgs.models import Organization, RefreshToken
from orgs.operations import set_password
from orgs.queries import registry_sign_ins_of
from orgs.refresh_operations import revoke_refresh_token
from orgs.tasks import clear_dead_refresh_tokens
from orgs.token_operations import (
    create_organization_token,
    create_personal_token,
    revoke_organization_token,
    revoke_personal_token,
)
from tests.conftest import NewVisitor, named_user
from tests.registries.conftest import Refresh, SignIn
from tests.registries.test_refresh import lives

STAFF = Actor.site_staff()


def test_what_is_stored_gives_nothing_away(sign_in: SignIn) -> None:
    token = sign_in()
    row = RefreshToken.objects.values().get()
    assert token[13:40] not in str(row)
    assert named_user("mel").password not in str(row)
    assert (row["client"], row["address"], row["service"]) == ("docker", "203.0.113.7", "acme")


def test_the_database_refuses_nonsense(sign_in: SignIn) -> None:
    sign_in()
    personal, _ = create_personal_token(STAFF, named_user("mel"), label="CI", scope="repo:read")
    changes: list[dict[str, Any]] = [
        {"user": None},
        {"personal_token": personal},
        {"password_stamp": ""},
        {"service": "No Service"},
        {"created_at": timezone.now() + timedelta(days=1)},
    ]
    for change in changes:
        with pytest.raises(IntegrityError), transaction.atomic():
            RefreshToken.objects.update(**change)


def test_a_client_name_is_kept_as_far_as_it_can_be_shown(
    visitor: NewVisitor, demo: dict[str, str]
) -> None:
    params = {"service": "acme", "offline_token": "true", "client_id": "a\x00\x1b[31m" + "x" * 99}
    auth = ("mel", demo["DEMO_PASSWORD"])
    assert visitor().get("/auth/token", params=params, auth=auth).status_code == 200
    assert RefreshToken.objects.get().client == "a[31m" + "x" * 55


def test_a_person_sees_their_sign_ins_and_ends_one(
    sign_in: SignIn, refresh: Refresh, signed_in: Callable[[str], httpx.Client]
) -> None:
    token, other = sign_in(), sign_in(service="hub")
    row = RefreshToken.objects.get(service="acme")
    page = signed_in("mel").get("/account/settings/tokens/").text
    assert row.public_id in page
    assert "203.0.113.7" in page
    assert "with your password" in page
    assert row.public_id not in signed_in("olivia").get("/account/settings/tokens/").text

    ending = f"/account/settings/registry-sign-ins/{row.public_id}/end/"
    assert _post_from_tokens_page(signed_in("olivia"), ending).status_code == 404
    assert lives(refresh(token))
    assert _post_from_tokens_page(signed_in("mel"), ending).status_code == 302
    assert not lives(refresh(token))
    assert lives(refresh(other, service="hub"))


def _post_from_tokens_page(client: httpx.Client, path: str) -> httpx.Response:
    page = client.get("/account/settings/tokens/").text
    token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    return client.post(path, data={"csrfmiddlewaretoken": token})


def test_ended_sign_ins_are_not_shown(sign_in: SignIn) -> None:
    mel = named_user("mel")
    sign_in()
    assert len(registry_sign_ins_of(mel, timezone.now())) == 1
    set_password(STAFF, mel, "another-Passw0rd-entirely")
    assert registry_sign_ins_of(named_user("mel"), timezone.now()) == []


def test_nobody_ends_anothers_sign_in(sign_in: SignIn) -> None:
    sign_in()
    olivia = Actor("olivia", None, named_user("olivia"))
    with pytest.raises(NotAllowed):
        revoke_refresh_token(olivia, named_user("mel"), RefreshToken.objects.get().public_id)


def test_what_nobody_can_use_any_more_is_cleared_away(
    sign_in: SignIn, refresh: Refresh, acme: Organization
) -> None:
    mel = named_user("mel")
    personal, secret = create_personal_token(STAFF, mel, label="CI", scope="repo:read")
    organization_token, other = create_organization_token(
        STAFF, acme, label="CI", scope="repo:read"
    )
    live = [sign_in(), sign_in("olivia"), sign_in("olivia", service="hub")]
    sign_in(secret=secret)
    sign_in("acme", other)
    assert clear_dead_refresh_tokens() == 0
    revoke_personal_token(STAFF, mel, personal.public_id)
    assert clear_dead_refresh_tokens() == 1
    revoke_organization_token(STAFF, acme, organization_token.public_id)
    assert clear_dead_refresh_tokens() == 1
    assert RefreshToken.objects.count() == len(live)
