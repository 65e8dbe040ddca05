"""The page of an organization's access tokens."""

from collections.abc import Callable

import httpx
import pytest
from django.utils import timezone
from django_scopes import scope

from audit.models import AuditEntry
from orgs.actor import Actor
from orgs.models import Organization, OrganizationAccessToken
from orgs.token_operations import create_organization_token
from permissions.callers import organization_token_holder
from tests.conftest import post

pytestmark = pytest.mark.django_db
TOKENS = "/orgs/acme/settings/access-tokens/"
FORM = {"label": "Build server", "scope": "repo:write", "expires": "30"}
SignedIn = Callable[[str], httpx.Client]


def secret_in(page: str) -> str:
    return "hubadmin_oat_" + page.partition("hubadmin_oat_")[2].partition("<")[0]


def test_a_token_is_shown_once_works_and_is_revoked(
    signed_in: SignedIn, acme: Organization
) -> None:
    olivia = signed_in("olivia")
    typed = "docker.io/acme/app\n\n  docker.io/acme/tools/*  \n"
    answer = post(olivia, TOKENS, **FORM, repositories=typed)
    assert answer.headers["cache-control"] == "no-store"
    token = organization_token_holder(secret_in(answer.text), timezone.now())
    assert token is not None
    assert token.name == "acme"
    limits = ["docker.io/acme/app", "docker.io/acme/tools/*"]
    assert list(map(str, token.limits or ())) == limits
    assert token.expires_at is not None

    page = olivia.get(TOKENS).text
    assert "hubadmin_oat_" not in page
    for shown in (token.public_id, "Build server", "docker.io/acme/tools/*", "by <bdi>olivia"):
        assert shown in page
    entry = AuditEntry.objects.get(action="organization_token.created", target=token.public_id)
    assert entry.after["repositories"] == limits

    csrf = {"csrfmiddlewaretoken": olivia.cookies["csrftoken"]}
    revoke = f"{TOKENS}{token.public_id}/revoke/"
    assert olivia.post(revoke, data=csrf).headers["location"] == TOKENS
    assert token.public_id not in olivia.get(TOKENS).text
    assert olivia.post(revoke, data=csrf).status_code == 404


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"label": " "}, "This field is required."),
        ({"scope": "repo:everything"}, "Select a valid choice."),
        ({"expires": "31"}, "Select a valid choice."),
        ({"repositories": "acme"}, "&#x27;acme&#x27; can&#x27;t limit an access token."),
        ({"repositories": "docker.io/acme/*/x"}, "can&#x27;t limit an access token."),
        ({"repositories": "docker.io/acme/app\n" * 101}, "at most 100 repositories"),
        ({"repositories": "docker.io/a\x00"}, "Null characters"),
    ],
)
def test_a_token_that_can_not_be_is_not_made(
    signed_in: SignedIn, acme: Organization, changes: dict[str, str], sentence: str
) -> None:
    answer = post(signed_in("olivia"), TOKENS, **FORM | changes)
    assert answer.status_code == 400
    assert sentence in answer.text
    assert changes.get("repositories", "").strip().partition("\x00")[0] in answer.text
    with scope(organization=acme):
        assert not OrganizationAccessToken.objects.exists()


def test_anothers_token_is_not_there(signed_in: SignedIn, globex: Organization) -> None:
    token, secret = create_organization_token(
        Actor.site_staff(), globex, label="Theirs", scope="repo:read"
    )
    olivia = signed_in("olivia")
    assert token.public_id not in olivia.get(TOKENS).text
    csrf = {"csrfmiddlewaretoken": olivia.cookies["csrftoken"]}
    assert olivia.post(f"{TOKENS}{token.public_id}/revoke/", data=csrf).status_code == 404
    assert organization_token_holder(secret, timezone.now()) is not None


def test_only_owners_know_of_the_tokens(signed_in: SignedIn) -> None:
    mel = signed_in("mel")
    assert mel.get(TOKENS).status_code == 403
    assert TOKENS not in mel.get("/orgs/acme/settings/").text
    assert TOKENS in signed_in("olivia").get("/orgs/acme/settings/").text


def test_many_tokens_come_in_pages(signed_in: SignedIn, acme: Organization) -> None:
    for number in range(51):
        create_organization_token(
            Actor.site_staff(), acme, label=f"Server {number:02}", scope="repo:read"
        )
    olivia = signed_in("olivia")
    assert "Server 00" not in olivia.get(TOKENS).text
    assert "Server 00" in olivia.get(f"{TOKENS}?page=2").text
