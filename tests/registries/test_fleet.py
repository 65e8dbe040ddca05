"""What fleet tools fetch: the same bytes as on the page, with hash and signature beside them."""

import base64
import hashlib
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from django.utils import timezone
from pytest_django import Settings

from enforcement.artefacts import NAMES, artefact
from orgs.actor import Actor
from orgs.models import AccessToken, Organization
from orgs.operations import change_profile, set_plan
from orgs.secrets import SecretKind, new_secret
from orgs.token_operations import create_organization_token, revoke_organization_token
from registries import signing
from registries.authorities import authority_in
from registries.models import SigningKey
from tests.conftest import NewVisitor
from tests.services.process import program

STAFF = Actor.site_staff()
FILE = b'{"allowedOrgs":["acme"]}'
ENDINGS = ("", ".sha256", ".p7s")


@pytest.fixture
def secret(acme: Organization) -> str:
    return create_organization_token(STAFF, acme, label="Fleet", scope="repo:public_read")[1]


@pytest.fixture
def fleet(visitor: NewVisitor, secret: str) -> httpx.Client:
    return visitor(Authorization=f"Bearer {secret}")


def detail(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    problem = answer.json()
    assert problem["status"] == answer.status_code
    text: str = problem["detail"]
    return text


def openssl(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [program("openssl", package="openssl"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_file_with_all_that_says_what_it_is(fleet: httpx.Client) -> None:
    answer = fleet.get("/fleet/registry.json")

    digest = hashlib.sha256(FILE)
    assert answer.status_code == 200
    assert answer.content == FILE
    assert {
        name: answer.headers[name]
        for name in ("content-type", "content-disposition", "cache-control", "vary", "etag")
    } == {
        "content-type": "application/json",
        "content-disposition": 'attachment; filename="registry.json"',
        "cache-control": "private, no-cache",
        "vary": "Authorization",
        "etag": f'"{digest.hexdigest()}"',
    }
    assert (
        answer.headers["repr-digest"] == f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"
    )


@pytest.mark.parametrize("name", NAMES)
def test_what_the_page_hands_out_byte_for_byte(
    fleet: httpx.Client, signed_in: Callable[[str], httpx.Client], name: str
) -> None:
    answer = fleet.get(f"/fleet/{name}")
    page = signed_in("olivia").get(f"/orgs/acme/settings/enforce-sign-in/{name}")

    assert answer.content == page.content == artefact(name, ["acme"]).body
    for header in ("content-type", "content-disposition"):
        assert answer.headers[header] == page.headers[header]


@pytest.mark.parametrize("name", NAMES)
def test_sha256sum_and_openssl_verify_it(fleet: httpx.Client, tmp_path: Path, name: str) -> None:
    for ending in ENDINGS:
        answer = fleet.get(f"/fleet/{name}{ending}")
        assert answer.status_code == 200
        (tmp_path / f"{name}{ending}").write_bytes(answer.content)
    (tmp_path / "ca.pem").write_bytes(fleet.get("/auth/ca.pem").content)

    check = ["sha256sum", "--check", "--strict", f"{name}.sha256"]
    assert subprocess.run(check, cwd=tmp_path, check=False).returncode == 0
    verified = _verified(tmp_path, name)
    assert verified.returncode == 0, verified.stderr

    (tmp_path / name).write_bytes((tmp_path / name).read_bytes() + b" ")
    assert subprocess.run(check, cwd=tmp_path, check=False).returncode != 0
    assert _verified(tmp_path, name).returncode != 0


def test_another_authority_vouches_for_nothing(fleet: httpx.Client, tmp_path: Path) -> None:
    authority_in(tmp_path, timezone.now())
    for ending in ("", ".p7s"):
        (tmp_path / f"registry.json{ending}").write_bytes(
            fleet.get(f"/fleet/registry.json{ending}").content
        )
    verified = _verified(tmp_path, "registry.json")
    assert verified.returncode != 0
    assert "certificate signature failure" in verified.stderr


def _verified(folder: Path, name: str) -> subprocess.CompletedProcess[str]:
    return openssl(
        *("cms", "-verify", "-binary", "-inform", "DER", "-in", folder / f"{name}.p7s"),
        *("-content", folder / name, "-CAfile", folder / "ca.pem", "-out", folder / "verified"),
    )


@pytest.mark.parametrize("ending", ENDINGS)
def test_who_has_it_already_is_told_so(fleet: httpx.Client, ending: str) -> None:
    path = f"/fleet/registry.json{ending}"
    tag = fleet.get(path).headers["etag"]
    assert tag.startswith("W/") == (ending == ".p7s")
    for sent in (tag, f"W/{tag.removeprefix('W/')}", f'"other", {tag}', "*"):
        answer = fleet.get(path, headers={"If-None-Match": sent})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == tag
        assert answer.headers["cache-control"] == "private, no-cache"
        assert "content-length" not in answer.headers
    for sent in ('"other"', "nonsense", tag.strip('"')[:-1], '"'):
        assert fleet.get(path, headers={"If-None-Match": sent}).status_code == 200


def test_a_change_is_a_new_file(fleet: httpx.Client, acme: Organization) -> None:
    tag = fleet.get("/fleet/registry.json").headers["etag"]
    change_profile(STAFF, acme, display_name="Acme", docker_organization="acme-industries")
    answer = fleet.get("/fleet/registry.json", headers={"If-None-Match": tag})
    assert answer.content == b'{"allowedOrgs":["acme-industries"]}'
    assert answer.headers["etag"] != tag


def test_a_new_key_is_a_new_signature(fleet: httpx.Client, settings: Settings) -> None:
    tag = fleet.get("/fleet/registry.json.p7s").headers["etag"]
    signing.rotate(authority_in(settings.CA_DIR, timezone.now()), timezone.now())
    assert fleet.get("/fleet/registry.json.p7s").headers["etag"] != tag


def test_without_a_key_only_the_signature_is_missing(
    fleet: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    SigningKey.objects.all().delete()
    answer = fleet.get("/fleet/registry.json.p7s")
    assert answer.status_code == 503
    assert "rotate_signing_key" in answer.json()["detail"]
    assert fleet.get("/fleet/registry.json").status_code == 200


def test_head_tells_without_sending(fleet: httpx.Client) -> None:
    answer = fleet.head("/fleet/registry.json")
    assert answer.content == b""
    assert answer.headers["content-length"] == str(len(FILE))
    assert answer.headers["etag"] == fleet.get("/fleet/registry.json").headers["etag"]
    assert fleet.post("/fleet/registry.json").status_code == 405


@pytest.mark.parametrize("scope", AccessToken.Scope.values)
def test_s4_any_token_that_an_owner_has_made(
    visitor: NewVisitor, acme: Organization, scope: str
) -> None:
    _, secret = create_organization_token(
        STAFF, acme, label="x", scope=scope, repositories=["docker.io/acme/app"]
    )
    fleet = visitor(Authorization=f"Bearer {secret}")
    assert fleet.get("/fleet/registry.json").content == FILE


def test_s4_no_other_credential(
    visitor: NewVisitor, demo: dict[str, str], acme: Organization, secret: str
) -> None:
    token, revoked = create_organization_token(STAFF, acme, label="x", scope="repo:admin")
    revoke_organization_token(STAFF, acme, token.public_id)
    for bad in (
        "",
        "nonsense",
        new_secret(SecretKind.ORGANIZATION),
        revoked,
        demo["OLIVIA_TOKEN"],
        demo["ACME_REGISTRY_TOKEN"],
        demo["DEMO_PASSWORD"],
    ):
        answer = visitor(Authorization=f"Bearer {bad}").get("/fleet/registry.json")
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert "Send an access token of your organization" in detail(answer)
    assert visitor().get("/fleet/registry.json").status_code == 401


def test_a_token_has_its_own_organization_alone(
    visitor: NewVisitor, fleet: httpx.Client, globex: Organization
) -> None:
    _, others = create_organization_token(STAFF, globex, label="x", scope="repo:read")
    theirs = visitor(Authorization=f"Bearer {others}").get("/fleet/registry.json")
    assert theirs.content == b'{"allowedOrgs":["globex"]}'

    path = "/fleet/registry.json"
    assert fleet.get(path, params={"org": ["acme", "acme"]}).content == FILE
    for name in ("globex", "nowhere"):
        refused = fleet.get(path, params={"org": ["acme", name]})
        assert refused.status_code == 403
        assert f"This access token is acme's, so it can't add \"{name}\"." in detail(refused)


def test_without_the_plan_there_is_no_file(fleet: httpx.Client, acme: Organization) -> None:
    set_plan(STAFF, acme, Organization.Plan.TEAM)
    for ending in ENDINGS:
        answer = fleet.get(f"/fleet/registry.json{ending}")
        assert answer.status_code == 403
        assert "Enforce Sign-in needs the Business plan" in detail(answer)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/registry.json/",
        "/Registry.json",
        "/registry.json.sha256.p7s",
        "/registry.json.sha512",
        "/.sha256",
        "/..%2fregistry.json",
        "/a%0d%0aSet-Cookie:x",
        "/%ff%fe",
    ],
)
def test_there_is_nothing_else(fleet: httpx.Client, path: str) -> None:
    answer = fleet.get(f"/fleet{path}")
    assert answer.status_code == 404
    assert "There are registry.json, " in detail(answer)


def test_a_token_that_outlives_its_organization_for_a_moment_is_unknown(
    fleet: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Deleted after the token was remembered, and before this process heard of it.
    monkeypatch.setattr("registries.fleet.organization_named", lambda name: None)
    answer = fleet.get("/fleet/registry.json")
    assert answer.status_code == 401
    assert "unknown" in detail(answer)
