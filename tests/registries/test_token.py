"""The Distribution token server, asked as registries' clients ask."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from django.utils import timezone
from joserfc import jwt
from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry

from orgs.actor import Actor
from orgs.member_operations import add_member, remove_members
from orgs.models import Organization
from orgs.operations import deactivate_user
from orgs.team_operations import create_team
from orgs.token_operations import (
    create_organization_token,
    create_personal_token,
    revoke_personal_token,
)
from permissions.models import ConnectedRegistry
from permissions.operations import Settings, change_policy
from permissions.queries import stored_registry
from tests.conftest import NewVisitor, named_user

STAFF = Actor.site_staff()
LARGE = JWSRegistry()
LARGE.max_header_length = 4096  # for the certificate in x5c
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
Ask = Callable[..., httpx.Response]


@pytest.fixture
def ask(visitor: NewVisitor, demo: dict[str, str]) -> Ask:
    client = visitor()

    def get(
        *scopes: str, who: str | None = "mel", secret: str = "", service: str = "acme"
    ) -> httpx.Response:
        auth = (who, secret or demo["DEMO_PASSWORD"]) if who else None
        params = {"service": service, "scope": list(scopes)}
        return client.get("/auth/token", params=params, auth=auth)

    return get


@pytest.fixture
def restricted(acme: Organization) -> None:
    """Acme allows official images alone."""
    change_policy(STAFF, acme, Settings(True, True, False), None)


def claims(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    payload = answer.json()["token"].split(".")[1]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return decoded


def granted(answer: httpx.Response) -> dict[str, list[str]]:
    return {entry["name"]: entry["actions"] for entry in claims(answer)["access"]}


def error(answer: httpx.Response) -> tuple[int, str, str]:
    (one,) = answer.json()["errors"]
    return answer.status_code, one["code"], one["message"]


def test_a_registry_can_verify_the_token(ask: Ask, visitor: NewVisitor) -> None:
    answer = ask("repository:acme/app:pull")
    token = answer.json()["token"]
    header = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
    leaf = x509.load_der_x509_certificate(base64.b64decode(header["x5c"][0]))
    authority = x509.load_pem_x509_certificate(visitor().get("/auth/ca.pem").content)

    leaf.verify_directly_issued_by(authority)
    public_key = leaf.public_key()
    assert isinstance(public_key, ec.EllipticCurvePublicKey)
    key = ECKey.import_key(public_key)
    decoded = jwt.decode(token, key, algorithms=["ES256"], registry=LARGE).claims
    assert header["alg"] == "ES256"
    assert decoded["iss"] == "http://localhost:8000"
    assert decoded["aud"] == "acme"
    assert decoded["sub"] == "mel"
    assert decoded["exp"] - decoded["iat"] == 60
    assert decoded["nbf"] == decoded["iat"]
    assert decoded["access"] == [{"type": "repository", "name": "acme/app", "actions": ["pull"]}]
    assert decoded["jti"] != claims(ask("repository:acme/app:pull"))["jti"]
    life = leaf.not_valid_after_utc - leaf.not_valid_before_utc
    assert life <= timedelta(days=7)


def test_the_answer_has_what_clients_read(ask: Ask) -> None:
    answer = ask("repository:acme/app:pull")
    body = answer.json()
    assert body["token"] == body["access_token"]
    assert body["expires_in"] == 60
    assert body["scope"] == "repository:acme/app:pull"
    assert answer.headers["cache-control"] == "no-store"


def test_login_without_a_scope(ask: Ask) -> None:
    assert granted(ask()) == {}
    assert error(ask(secret="wrong"))[:2] == (401, "UNAUTHORIZED")
    assert error(ask(who=None))[:2] == (401, "UNAUTHORIZED")


def test_a_refusal_tells_the_reason(ask: Ask, restricted: None) -> None:
    status, code, message = error(ask("repository:randomdev/tool:pull"))
    assert (status, code) == (401, "DENIED")
    assert message == (
        "acme does not allow community images. Use an official image, or ask an owner of acme "
        "for an exception."
    )
    assert error(ask("repository:bitnami/redis:pull"))[:2] == (401, "DENIED")


@pytest.mark.parametrize(
    "name", ["alpine", "library/alpine", "acme/app", "localhost:5000/acme/app"]
)
def test_what_is_allowed_is_echoed_as_asked(ask: Ask, restricted: None, name: str) -> None:
    assert granted(ask(f"repository:{name}:pull")) == {name: ["pull"]}


@pytest.mark.parametrize(
    "name",
    [
        "localhost:5001/acme/app",
        "docker.io:443/acme/app",
        "docker.io/acme/app",  # a path on this registry that no organization owns
        "localhost/acme/app",
        "acme/app:latest",
        "acme/app@sha256:" + "0" * 64,
        "Acme/App",
        "acme//app",
        "acme/../acme/app",
        "acme%2fapp",
        "",
        "a" * 300,
    ],
)
def test_names_that_are_no_path_here_count_as_refused(
    ask: Ask, restricted: None, name: str
) -> None:
    status, code, _ = error(ask(f"repository:{name}:pull"))
    assert (status, code) == (401, "DENIED")


def test_a_subset_is_granted_when_something_can_be(ask: Ask, restricted: None) -> None:
    answer = ask(
        "repository:acme/app:pull,push", "repository:randomdev/tool:pull", "nonsense", "a:b:c"
    )
    assert granted(answer) == {"acme/app": ["pull"]}


def test_scopes_come_in_every_encoding(ask: Ask, visitor: NewVisitor, demo: dict[str, str]) -> None:
    wanted = {"acme/app": ["pull"], "library/alpine": ["pull"]}
    scopes = [f"repository:{name}:pull" for name in wanted]
    assert granted(ask(*scopes)) == wanted
    assert granted(ask(" ".join(scopes))) == wanted
    fields = {
        "grant_type": "password",
        "service": "acme",
        "client_id": "test",
        "username": "mel",
        "password": demo["DEMO_PASSWORD"],
    }
    for scope in (scopes, " ".join(scopes)):
        assert granted(visitor().post("/auth/token", data={**fields, "scope": scope})) == wanted


def test_scopes_of_one_name_merge(ask: Ask) -> None:
    answer = ask("repository:acme/app:pull", "repository:acme/app:push,pull", who="olivia")
    assert granted(answer) == {"acme/app": ["pull", "push"]}


def test_pushing_takes_a_right_to_the_namespace(ask: Ask, acme: Organization) -> None:
    scope = "repository:acme/app:push,pull"
    assert granted(ask(scope)) == {"acme/app": ["pull"]}
    create_team(STAFF, acme, "builders", can_push=True)
    add_member(STAFF, acme, named_user("mel"), teams=["builders"])
    assert granted(ask(scope)) == {"acme/app": ["push", "pull"]}
    assert error(ask("repository:library/alpine:push"))[:2] == (401, "DENIED")


def test_listing_a_registry_is_for_its_owners(ask: Ask) -> None:
    scope = "registry:catalog:*"
    assert granted(ask(scope, who="olivia")) == {"catalog": ["*"]}
    for other in ("registry:catalog:pull", "registry:catalog:*,foo", "registry(x):catalog:*"):
        assert ask(other, who="olivia").status_code == 401
    assert error(ask(scope))[:2] == (401, "DENIED")
    assert error(ask(scope, who="olivia", service="hub"))[:2] == (401, "DENIED")


def test_anonymous_gets_nothing(ask: Ask) -> None:
    for service in ("acme", "hub"):
        answer = ask("repository:library/alpine:pull", who=None, service=service)
        assert error(answer)[:2] == (401, "UNAUTHORIZED")
        assert answer.headers["www-authenticate"].startswith("Basic")


def test_anonymous_pulls_where_the_site_says_so(ask: Ask) -> None:
    hub = stored_registry("hub")
    assert hub is not None
    hub.anonymous_pulls = True
    ConnectedRegistry.save(hub)
    answer = ask("repository:library/alpine:pull,push", who=None, service="hub")
    assert granted(answer) == {"library/alpine": ["pull"]}
    assert claims(answer)["sub"] == ""


def test_people_of_no_organization_are_not_governed_at_a_site_wide_registry(ask: Ask) -> None:
    scope = "repository:randomdev/tool:pull"
    assert granted(ask(scope, who="nina", service="hub")) == {"randomdev/tool": ["pull"]}
    status, code, message = error(ask(scope, who="nina"))
    assert (status, code) == (401, "DENIED")
    assert "not a member of acme" in message


def test_every_organization_of_a_subject_decides_at_a_site_wide_registry(
    ask: Ask, acme: Organization, globex: Organization
) -> None:
    change_policy(STAFF, acme, Settings(True, True, True), None)
    scope = "repository:globex/app:pull"
    assert "acme does not allow" in error(ask(scope, who="gus", service="hub"))[2]
    assert granted(ask("repository:bitnami/redis:pull", who="gus", service="hub"))
    remove_members(STAFF, acme, ["gus"])
    assert granted(ask(scope, who="gus", service="hub"))


def test_tokens_are_passwords_and_narrow(ask: Ask, demo: dict[str, str]) -> None:
    assert granted(ask("repository:acme/app:pull", secret=demo["MEL_TOKEN"]))
    mel = named_user("mel")
    token, secret = create_personal_token(STAFF, mel, label="CI", scope="repo:public_read")
    assert granted(ask("repository:library/alpine:pull", secret=secret))
    assert "scope" in error(ask("repository:acme/app:pull", secret=secret))[2]
    revoke_personal_token(STAFF, mel, token.public_id)
    assert error(ask(secret=secret))[:2] == (401, "UNAUTHORIZED")


def test_a_token_limited_to_a_repository_opens_no_other(ask: Ask) -> None:
    _, secret = create_personal_token(
        STAFF,
        named_user("mel"),
        label="CI",
        scope="repo:read",
        repositories=["docker.io/acme/app"],
    )
    assert granted(ask("repository:acme/app:pull", secret=secret))
    for name in ("acme/other", "acme/app/inner", "library/alpine"):
        assert error(ask(f"repository:{name}:pull", secret=secret))[:2] == (401, "DENIED")


def test_an_organization_token_speaks_as_its_organization(ask: Ask, acme: Organization) -> None:
    token, secret = create_organization_token(STAFF, acme, label="CI", scope="repo:write")
    answer = ask("repository:acme/app:pull,push,delete", who="acme", secret=secret)
    assert granted(answer) == {"acme/app": ["pull", "push"]}
    assert claims(answer)["sub"] == token.public_id
    for other in ("globex", "mel", "acme2"):
        assert error(ask(who=other, secret=secret))[:2] == (401, "UNAUTHORIZED")


def test_anothers_token_is_no_password(ask: Ask, demo: dict[str, str]) -> None:
    assert error(ask(who="nina", secret=demo["MEL_TOKEN"]))[:2] == (401, "UNAUTHORIZED")
    assert error(ask(secret=demo["ACME_REGISTRY_TOKEN"]))[:2] == (401, "UNAUTHORIZED")


def test_a_deactivated_user_is_refused_like_an_unknown_one(ask: Ask) -> None:
    deactivate_user(STAFF, named_user("mel"))
    assert error(ask()) == error(ask(who="stranger"))


def test_guessing_a_password_is_slowed_down(ask: Ask, demo: dict[str, str]) -> None:
    for _ in range(10):
        assert error(ask(secret="guess"))[:2] == (401, "UNAUTHORIZED")
    answer = ask()
    assert error(answer)[:2] == (429, "TOOMANYREQUESTS")
    assert answer.headers["retry-after"] == "60"
    assert granted(ask(who="olivia")) == {}
    # A token can't be guessed, so it goes on working for a person somebody is guessing at.
    assert granted(ask(secret=demo["MEL_TOKEN"])) == {}


@pytest.mark.parametrize(
    "query",
    [
        "",
        "service=",
        "service=nowhere",
        "service=acme&service=hub",
        "service=%00",
        "service=acme%00",
        "scope=repository:acme/app:pull",
        "service=acme&scope=" + "%20".join(["repository:a/b:pull"] * 101),
    ],
)
def test_malformed_requests_are_told_what_is_wrong(
    visitor: NewVisitor, demo: dict[str, str], query: str
) -> None:
    answer = visitor().get(f"/auth/token?{query}", auth=("mel", demo["DEMO_PASSWORD"]))
    assert error(answer)[:2] == (400, "UNSUPPORTED")


@pytest.mark.parametrize(
    "authorization",
    [
        "Basic",
        "Basic !!!",
        "Basic bm9jb2xvbg==",
        "Basic /w==",
        "Bearer x",
        "Digest y",
        "Basic AAA6AA==",
    ],
)
def test_credentials_that_can_not_be_read_are_bad_ones(
    visitor: NewVisitor, authorization: str
) -> None:
    answer = visitor(Authorization=authorization).get("/auth/token?service=acme")
    assert error(answer)[:2] == (401, "UNAUTHORIZED")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"grant_type=password",
        b"grant_type=magic&service=acme",
        b"grant_type=password&service=acme&username=mel",
        b"grant_type=password&service=acme&username=mel&username=olivia&password=x",
        b"\xff\xfe",
        b"{}",
    ],
)
def test_malformed_forms_are_told_what_is_wrong(visitor: NewVisitor, body: bytes) -> None:
    answer = visitor().post("/auth/token", content=body, headers=FORM)
    assert error(answer)[:2] == (400, "UNSUPPORTED")
    assert error(visitor().post("/auth/token", json={}))[:2] == (400, "UNSUPPORTED")


def test_methods_and_sizes_that_do_not_fit(visitor: NewVisitor) -> None:
    client = visitor()
    answer = client.delete("/auth/token")
    assert error(answer)[:2] == (405, "UNSUPPORTED")
    assert answer.headers["allow"] == "GET, POST"
    large = client.post("/auth/token", content=b"x" * (3 * 1024 * 1024), headers=FORM)
    assert error(large)[:2] == (413, "SIZE_INVALID")


def test_a_site_without_a_key_says_so(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    from registries.models import SigningKey

    SigningKey.objects.update(not_after=timezone.now())
    answer = ask()
    assert error(answer)[:2] == (503, "UNAVAILABLE")
    assert answer.headers["retry-after"] == "1"
