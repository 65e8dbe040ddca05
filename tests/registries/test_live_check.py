"""The live checks by reverse proxies, each in its own words, with the same answers."""

import json
from typing import Protocol

import httpx
import pytest
from django.db import OperationalError

from orgs.actor import Actor
from orgs.member_operations import add_member, remove_members
from orgs.models import Organization
from orgs.team_operations import create_team
from orgs.token_operations import create_organization_token, create_personal_token
from permissions.models import ConnectedRegistry
from permissions.operations import Settings, change_policy
from permissions.queries import stored_registry
from registries.routes import ROUTES
from tests.conftest import NewVisitor, named_user

pytestmark = pytest.mark.django_db

STAFF = Actor.site_staff()
DIGEST = "sha256:" + "0" * 64
PROXIES = ("nginx", "traefik", "envoy")


class Ask(Protocol):
    def __call__(
        self,
        method: str,
        target: str,
        who: str | None = "mel",
        secret: str | None = None,
        registry: str = "ACME",
        **headers: str,
    ) -> httpx.Response: ...


@pytest.fixture(params=PROXIES)
def proxy(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def ask(visitor: NewVisitor, demo: dict[str, str], proxy: str) -> Ask:
    """Asks as a proxy does for a client with these credentials; by default Mel's access token."""
    client = visitor()
    del client.headers["accept"]  # httpx sends it by itself; proxies don't.

    def asked(
        method: str,
        target: str,
        who: str | None = "mel",
        secret: str | None = None,
        registry: str = "ACME",
        **headers: str,
    ) -> httpx.Response:
        sent = {
            "X-Registry-Token": demo.get(f"{registry}_REGISTRY_TOKEN", registry),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        auth = None if who is None else (who, secret or demo[f"{who.upper()}_TOKEN"])
        if proxy == "envoy":
            return client.request(method, f"/authz/envoy{target}", headers=sent, auth=auth)
        prefix = "X-Original" if proxy == "nginx" else "X-Forwarded"
        uri = "URI" if proxy == "nginx" else "Uri"
        sent |= {f"{prefix}-Method": method, f"{prefix}-{uri}": target}
        return client.get(f"/authz/{proxy}", headers=sent, auth=auth)

    return asked


@pytest.fixture
def restricted(acme: Organization) -> None:
    change_policy(STAFF, acme, Settings(True, True, False), None)


def reason(answer: httpx.Response) -> str:
    """The reason of a refusal, which header and body tell alike."""
    (error,) = answer.json()["errors"]
    header = answer.headers["x-denied-reason"]
    assert header.isascii()
    assert json.loads(f'"{header}"') == error["message"]
    message: str = error["message"]
    return message


def denied(answer: httpx.Response) -> str:
    assert answer.status_code == 403, answer.text
    assert answer.json()["errors"][0]["code"] == "DENIED"
    return reason(answer)


def challenged(answer: httpx.Response) -> str:
    assert answer.status_code == 401, answer.text
    assert answer.headers["www-authenticate"].startswith("Basic realm=")
    assert answer.json()["errors"][0]["code"] == "UNAUTHORIZED"
    return reason(answer)


def allowed(answer: httpx.Response) -> bool:
    return answer.status_code == 200


READS = (
    ("GET", "manifests/latest"),
    ("HEAD", "manifests/latest"),
    ("GET", f"manifests/{DIGEST}"),
    ("GET", f"blobs/{DIGEST}"),
    ("HEAD", f"blobs/{DIGEST}"),
    ("GET", "tags/list"),
    ("GET", f"referrers/{DIGEST}"),
)
PUSHES = (
    ("POST", "blobs/uploads/"),
    ("PATCH", "blobs/uploads/4f2b"),
    ("PUT", "blobs/uploads/4f2b?digest=" + DIGEST),
    ("GET", "blobs/uploads/4f2b"),
    ("DELETE", "blobs/uploads/4f2b"),
    ("PUT", "manifests/latest"),
)
DELETIONS = (("DELETE", f"manifests/{DIGEST}"), ("DELETE", f"blobs/{DIGEST}"))


def test_every_kind_of_read_is_a_pull(ask: Ask, restricted: None) -> None:
    for method, rest in READS:
        assert allowed(ask(method, f"/v2/acme/app/{rest}"))
        answer = ask(method, f"/v2/randomdev/tool/{rest}")
        assert answer.status_code == 403
        assert "acme does not allow community images" in answer.headers["x-denied-reason"]


def test_every_kind_of_write_takes_a_right_to_the_namespace(ask: Ask, acme: Organization) -> None:
    for method, rest in PUSHES + DELETIONS:
        assert denied(ask(method, f"/v2/acme/app/{rest}"))
        assert denied(ask(method, f"/v2/library/alpine/{rest}", who="olivia"))
    create_team(STAFF, acme, "builders", can_push=True)
    add_member(STAFF, acme, named_user("mel"), teams=["builders"])
    for method, rest in PUSHES + DELETIONS:
        assert allowed(ask(method, f"/v2/acme/app/{rest}"))


def test_a_changed_rule_counts_from_the_next_request_on(ask: Ask, acme: Organization) -> None:
    target = "/v2/bitnami/redis/manifests/latest"
    for verified in (True, False, True):
        change_policy(STAFF, acme, Settings(True, True, verified), None)
        assert allowed(ask("GET", target)) is verified
    remove_members(STAFF, acme, ["mel"])
    assert "not a member of acme" in denied(ask("GET", target))


def test_a_mount_is_a_push_and_a_pull_of_its_source(ask: Ask, restricted: None) -> None:
    start = f"/v2/acme/app/blobs/uploads/?mount={DIGEST}&from="
    assert denied(ask("POST", f"{start}library/alpine"))  # Mel may not push at all
    assert allowed(ask("POST", f"{start}bitnami/redis", who="olivia"))
    assert "from" in denied(ask("POST", start, who="olivia"))


def test_who_may_push_still_mounts_nothing_they_may_not_pull(
    ask: Ask, acme: Organization, restricted: None
) -> None:
    create_team(STAFF, acme, "builders", can_push=True)
    add_member(STAFF, acme, named_user("mel"), teams=["builders"])
    start = f"/v2/acme/app/blobs/uploads/?mount={DIGEST}&from="
    assert allowed(ask("POST", f"{start}library/alpine"))
    assert "verified publisher" in denied(ask("POST", f"{start}bitnami/redis"))


def test_a_form_could_name_another_source_and_is_refused(ask: Ask) -> None:
    target = "/v2/acme/app/blobs/uploads/"
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    assert "form" in denied(ask("POST", target, "olivia", **form))
    assert allowed(ask("POST", target, "olivia", Content_Type="application/octet-stream"))


def test_signing_in_is_a_ping(ask: Ask, demo: dict[str, str]) -> None:
    assert allowed(ask("GET", "/v2/"))
    assert allowed(ask("GET", "/v2/", secret=demo["DEMO_PASSWORD"]))
    assert "docker login" in challenged(ask("GET", "/v2/", who=None))
    assert "don't go together" in challenged(ask("GET", "/v2/", secret="wrong"))


def test_anonymous_gets_a_challenge_and_nothing_else(ask: Ask) -> None:
    for registry in ("ACME", "SITE"):
        for method, rest in READS + PUSHES + DELETIONS:
            answer = ask(method, f"/v2/library/alpine/{rest}", None, registry=registry)
            assert answer.status_code == 401


def test_anonymous_pulls_where_the_site_says_so(ask: Ask) -> None:
    hub = stored_registry("hub")
    assert hub is not None
    hub.anonymous_pulls = True
    ConnectedRegistry.save(hub)
    assert allowed(ask("GET", "/v2/", None, registry="SITE"))
    assert allowed(ask("GET", "/v2/library/alpine/manifests/latest", None, registry="SITE"))
    assert challenged(ask("PUT", "/v2/library/alpine/manifests/latest", None, registry="SITE"))


def test_a_members_only_registry_refuses_sign_in_to_others(ask: Ask) -> None:
    registry = stored_registry("acme")
    assert registry is not None
    assert allowed(ask("GET", "/v2/", who="nina"))
    registry.members_only = True
    ConnectedRegistry.save(registry)
    assert "only for members of acme" in denied(ask("GET", "/v2/", who="nina"))


def test_a_site_wide_registry_asks_every_organization_of_the_subject(
    ask: Ask, acme: Organization
) -> None:
    change_policy(STAFF, acme, Settings(True, True, True), None)
    target = "/v2/globex/app/manifests/latest"
    assert "acme does not allow" in denied(ask("GET", target, "gus", registry="SITE"))
    assert allowed(ask("GET", target, "nina", registry="SITE"))


def test_listing_a_registry_is_for_its_owners(ask: Ask) -> None:
    assert allowed(ask("GET", "/v2/_catalog", who="olivia"))
    assert denied(ask("GET", "/v2/_catalog"))
    assert denied(ask("GET", "/v2/_catalog", "olivia", registry="SITE"))


def test_tokens_are_passwords_and_narrow(
    ask: Ask, demo: dict[str, str], acme: Organization
) -> None:
    target = "/v2/acme/app/manifests/latest"
    assert allowed(ask("GET", target, secret=demo["MEL_TOKEN"]))
    _, public = create_personal_token(
        STAFF, named_user("mel"), label="CI", scope="repo:public_read"
    )
    assert "scope" in denied(ask("GET", target, secret=public))
    _, builds = create_organization_token(STAFF, acme, label="CI", scope="repo:write")
    assert allowed(ask("PUT", target, "acme", builds))
    assert "repo:admin" in denied(ask("DELETE", target, "acme", builds))
    assert challenged(ask("GET", target, "globex", builds))
    assert challenged(ask("GET", target, "mel", demo["ACME_REGISTRY_TOKEN"]))


def test_guessing_a_password_is_slowed_down(ask: Ask, demo: dict[str, str]) -> None:
    for _ in range(10):
        assert challenged(ask("GET", "/v2/", secret="guess"))
    # No 429: to nginx it would be a fault.
    assert "Too many wrong passwords" in denied(ask("GET", "/v2/", secret=demo["DEMO_PASSWORD"]))
    # A token can't be guessed, so it goes on working for a person somebody is guessing at.
    assert allowed(ask("GET", "/v2/"))


def test_credentials_of_nobody_are_no_guess(ask: Ask, demo: dict[str, str]) -> None:
    for _ in range(60):
        assert "docker login" in challenged(ask("GET", "/v2/", None, Authorization="Basic Og=="))
    assert allowed(ask("GET", "/v2/", secret=demo["DEMO_PASSWORD"]))


@pytest.mark.parametrize("authorization", ["Bearer x", "Basic", "Basic !!!", "", "Negotiate y"])
def test_credentials_that_can_not_be_read_are_bad_ones(ask: Ask, authorization: str) -> None:
    assert challenged(ask("GET", "/v2/", None, Authorization=authorization))


@pytest.mark.parametrize("credential", ["", "wrong", "hubadmin_reg_wrong"])
def test_without_the_registrys_own_credential_nothing_is_allowed(ask: Ask, credential: str) -> None:
    answer = ask("GET", "/v2/library/alpine/manifests/latest", "olivia", registry=credential)
    assert "registry's own credential" in denied(answer)


def test_anothers_credential_is_none_of_a_registrys(ask: Ask, demo: dict[str, str]) -> None:
    assert denied(ask("GET", "/v2/", registry=demo["OLIVIA_TOKEN"]))


def test_a_mirror_answers_for_its_upstream_only(ask: Ask) -> None:
    target = "/v2/library/alpine/manifests/latest?ns="
    for host in ("docker.io", "registry-1.docker.io", "localhost:5000"):
        assert allowed(ask("GET", target + host))
    assert "ghcr.io" in denied(ask("GET", f"{target}ghcr.io"))


def test_what_is_no_registrys_request_is_refused(ask: Ask) -> None:
    for method, target in (
        ("GET", "/v1/"),
        ("GET", "/v2/acme/app"),
        ("GET", "/v2/acme%252fapp/manifests/latest"),
        ("OPTIONS", "/v2/"),
        ("POST", "/v2/acme/app/blobs/uploads/?mount=a&from=acme/a&from=bitnami/redis"),
    ):
        assert ask(method, target, who="olivia").status_code == 403


@pytest.mark.parametrize("fault", [OperationalError("gone"), RuntimeError("a bug")])
def test_a_fault_is_never_an_allow(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def fail(*_: object) -> None:
        raise fault

    monkeypatch.setattr("permissions.queries.site_to_know", fail)
    answer = ask("GET", "/v2/library/alpine/manifests/latest", who="olivia")
    assert answer.status_code == 503
    assert reason(answer)
    assert "gone" not in answer.text
    assert "bug" not in answer.text


def test_the_reason_in_the_header_stays_within_what_proxies_take() -> None:
    for route in ROUTES.values():
        if route.path.startswith("/authz/") and "kubernetes" not in route.path:
            answer = route.failed(403, 'A "long"\nreason, ä. ' * 1000)
            header = answer.headers["X-Denied-Reason"]
            assert header.isascii()
            assert header.isprintable()
            assert len(header) < 2000


def test_traefik_may_not_copy_what_a_client_says_of_itself(
    visitor: NewVisitor, demo: dict[str, str]
) -> None:
    headers = {
        "X-Registry-Token": demo["ACME_REGISTRY_TOKEN"],
        "X-Forwarded-Method": "GET",
        "X-Forwarded-Uri": "/v2/acme/app/manifests/latest",
        "Accept": "application/vnd.oci.image.manifest.v1+json",
    }
    auth = ("mel", demo["MEL_TOKEN"])
    assert "authRequestHeaders" in denied(
        visitor().get("/authz/traefik", headers=headers, auth=auth)
    )
