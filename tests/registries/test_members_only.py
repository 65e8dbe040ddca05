"""Signing in to a registry that is for members only, in whichever form a client asks (S2)."""

from collections.abc import Callable

import httpx
import pytest

from orgs.actor import Actor
from orgs.member_operations import add_member, remove_members
from orgs.models import Organization
from orgs.token_operations import create_organization_token, create_personal_token
from permissions.models import ConnectedRegistry
from permissions.queries import stored_registry
from tests.conftest import NewVisitor, named_user
from tests.registries.conftest import Refresh, SignIn

STAFF = Actor.site_staff()
Login = Callable[..., httpx.Response]


@pytest.fixture(autouse=True)
def _members_only(db: None) -> None:
    for service in ("acme", "hub"):
        registry = stored_registry(service)
        assert registry is not None
        registry.members_only = True
        ConnectedRegistry.save(registry)


@pytest.fixture(params=["GET", "POST"])
def login(request: pytest.FixtureRequest, visitor: NewVisitor, demo: dict[str, str]) -> Login:
    """Signs in as docker does without a scope: with Basic credentials, or by the OAuth2 form."""
    client = visitor()

    def ask(who: str, secret: str = "", service: str = "acme") -> httpx.Response:
        password = secret or demo["DEMO_PASSWORD"]
        if request.param == "GET":
            params = {"service": service, "account": who, "client_id": "docker"}
            return client.get("/auth/token", params=params, auth=(who, password))
        fields = {"grant_type": "password", "username": who, "password": password}
        return client.post("/auth/token", data={**fields, "service": service, "client_id": "x"})

    return ask


def refusal(answer: httpx.Response) -> str:
    assert answer.status_code == 401, answer.text
    (error,) = answer.json()["errors"]
    assert error["code"] == "DENIED"
    message: str = error["message"]
    return message


def sentence(whose: str) -> str:
    return (
        f"Sign-in is only for members of {whose}. Ask one of its owners for an invitation, or "
        "sign in with another account."
    )


def test_s2_members_may_and_others_read_what_to_do(login: Login) -> None:
    assert login("mel").status_code == 200
    assert refusal(login("nina")) == sentence("acme")
    assert refusal(login("ivan")) == sentence("acme")


def test_o5_at_a_registry_of_the_site_any_organization_will_do(login: Login) -> None:
    for who in ("mel", "gus", "ivan"):
        assert login(who, service="hub").status_code == 200
    assert refusal(login("nina", service="hub")) == sentence("an organization here")


def test_access_tokens_stand_for_whom_they_speak(
    login: Login, acme: Organization, globex: Organization
) -> None:
    _, ninas = create_personal_token(STAFF, named_user("nina"), label="x", scope="repo:admin")
    _, acmes = create_organization_token(STAFF, acme, label="x", scope="repo:public_read")
    _, others = create_organization_token(STAFF, globex, label="x", scope="repo:admin")

    assert refusal(login("nina", ninas)) == sentence("acme")
    assert login("acme", acmes).status_code == 200
    assert refusal(login("globex", others)) == sentence("acme")


def test_o0_only_who_has_shown_who_they_are_is_told(login: Login, visitor: NewVisitor) -> None:
    for who in ("nina", "mel", "stranger"):
        answer = login(who, "not-the-password")
        (error,) = answer.json()["errors"]
        assert (answer.status_code, error["code"]) == (401, "UNAUTHORIZED")
    anonymous = visitor().get("/auth/token", params={"service": "acme"})
    assert anonymous.json()["errors"][0]["code"] == "UNAUTHORIZED"


def test_p9_a_sign_in_that_was_kept_ends_with_the_membership(
    sign_in: SignIn, refresh: Refresh, acme: Organization
) -> None:
    add_member(STAFF, acme, named_user("nina"))
    kept = sign_in("nina", service="hub")
    assert refresh(kept, "", service="hub").status_code == 200
    remove_members(STAFF, acme, ["nina"])
    assert refusal(refresh(kept, "", service="hub")) == sentence("an organization here")


def test_a_scope_is_refused_for_the_same_reason(visitor: NewVisitor, demo: dict[str, str]) -> None:
    params = {"service": "hub", "scope": "repository:library/alpine:pull"}
    answer = visitor().get("/auth/token", params=params, auth=("nina", demo["DEMO_PASSWORD"]))
    assert "members of organizations only" in refusal(answer)
