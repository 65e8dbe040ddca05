"""`/v2/orgs/{org}/settings`, as Docker Hub's clients use it."""

from typing import Any

import httpx
import pytest

from orgs.actor import Actor
from orgs.models import Organization
from orgs.operations import deactivate_user, set_plan
from orgs.token_operations import create_personal_token
from permissions.operations import Settings, change_policy
from permissions.queries import policy_of
from tests.conftest import NewVisitor, named_user

STAFF = Actor.site_staff()
PATH = "/v2/orgs/acme/settings"
WISH = {"enabled": True, "allow_official_images": True, "allow_verified_publishers": False}


@pytest.fixture
def olivia(visitor: NewVisitor, demo: dict[str, str]) -> httpx.Client:
    return visitor(Authorization=f"Bearer {demo['OLIVIA_TOKEN']}")


@pytest.fixture
def mel(visitor: NewVisitor, demo: dict[str, str]) -> httpx.Client:
    return visitor(Authorization=f"Bearer {demo['MEL_TOKEN']}")


def body(**changes: Any) -> dict[str, Any]:
    return {"restricted_images": {**WISH, **changes}}


@pytest.mark.parametrize("path", [PATH, PATH + "/"])
def test_reading_and_writing(olivia: httpx.Client, mel: httpx.Client, path: str) -> None:
    before = olivia.get(path)
    assert before.json() == body(enabled=False, allow_verified_publishers=True)
    written = olivia.put(path, json=body())
    assert (written.status_code, written.json()) == (200, body())
    assert written.headers["etag"] != before.headers["etag"]
    read = mel.get(path)
    assert (read.status_code, read.json()) == (200, body())
    assert read.headers["etag"] == written.headers["etag"]


def test_the_etag_changes_with_the_settings_alone(olivia: httpx.Client, acme: Organization) -> None:
    etag = olivia.get(PATH).headers["etag"]
    set_plan(STAFF, acme, "team")
    set_plan(STAFF, acme, "business")
    assert olivia.get(PATH).headers["etag"] == etag


def test_a_stale_wish_is_not_carried_out(olivia: httpx.Client, acme: Organization) -> None:
    etag = olivia.get(PATH).headers["etag"]
    change_policy(STAFF, acme, Settings(True, True, True), None)
    for stale in (etag, '"999"', "nonsense", 'W/"1"', '"1", "999"'):
        answer = olivia.put(PATH, json=body(), headers={"If-Match": stale})
        assert answer.status_code == 412
        assert answer.headers["content-type"] == "application/problem+json"
    assert Settings.of(policy_of(acme)) == Settings(True, True, True, "enforce")
    fresh = olivia.get(PATH).headers["etag"]
    assert olivia.put(PATH, json=body(), headers={"If-Match": fresh}).status_code == 200
    assert olivia.put(PATH, json=body(enabled=False), headers={"If-Match": "*"}).status_code == 200


def test_one_of_several_etags_is_enough(olivia: httpx.Client) -> None:
    for others in ('"77", {}', '{},"77"', 'W/"1" ,{}'):
        fresh = olivia.get(PATH).headers["etag"]
        answer = olivia.put(PATH, json=body(), headers={"If-Match": others.format(fresh)})
        assert answer.status_code == 200
        olivia.put(PATH, json=body(enabled=False))


def test_who_may(
    olivia: httpx.Client, mel: httpx.Client, visitor: NewVisitor, demo: dict[str, str]
) -> None:
    assert mel.put(PATH, json=body()).status_code == 403
    nina = visitor(Authorization=f"Bearer {demo['NINA_TOKEN']}")
    for method in ("GET", "PUT"):
        outside = nina.request(method, PATH, json=body())
        missing = nina.request(method, "/v2/orgs/nowhere/settings", json=body())
        assert outside.status_code == missing.status_code == 404
        assert outside.text.replace("acme", "nowhere") == missing.text
    anonymous = visitor().get(PATH)
    assert anonymous.status_code == 401
    assert anonymous.headers["www-authenticate"].startswith("Bearer")
    assert visitor(Authorization="Bearer nonsense").get(PATH).status_code == 401
    assert (
        visitor(Authorization=f"Bearer {demo['ACME_REGISTRY_TOKEN']}").get(PATH).status_code == 401
    )


def test_only_tokens_of_the_highest_scope(visitor: NewVisitor) -> None:
    _, secret = create_personal_token(STAFF, named_user("olivia"), label="x", scope="repo:write")
    answer = visitor(Authorization=f"Bearer {secret}").get(PATH)
    assert answer.status_code == 403
    assert "repo:admin" in answer.json()["detail"]


def test_a_deactivated_users_token_is_none(mel: httpx.Client) -> None:
    assert mel.get(PATH).status_code == 200
    deactivate_user(STAFF, named_user("mel"))
    assert mel.get(PATH).status_code == 401


def test_without_the_plan(olivia: httpx.Client, acme: Organization) -> None:
    set_plan(STAFF, acme, "free")
    answer = olivia.put(PATH, json=body())
    assert answer.status_code == 403
    assert answer.json()["code"] == "plan_required"
    assert olivia.get(PATH).status_code == 200


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({}, "restricted_images"),
        ([], "body"),
        ({"restricted_images": None}, "restricted_images"),
        ({"restricted_images": {}}, "restricted_images.enabled"),
        (body(enabled=None), "restricted_images.enabled"),
        (body(enabled="true"), "restricted_images.enabled"),
        (body(enabled=1), "restricted_images.enabled"),
        (body(allow_official_images="no"), "restricted_images.allow_official_images"),
        (body(allow_verified_publishers=[]), "restricted_images.allow_verified_publishers"),
    ],
)
def test_a_wrong_field_is_named(
    olivia: httpx.Client, acme: Organization, wrong: Any, field: str
) -> None:
    answer = olivia.put(PATH, json=wrong)
    assert answer.status_code == 400
    problem = answer.json()
    assert field in problem["fields"]
    assert problem["detail"] == problem["message"]
    assert not policy_of(acme).enabled


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_is_said_to_be_none(olivia: httpx.Client, content: bytes) -> None:
    answer = olivia.put(PATH, content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["detail"]


def test_other_media_types_and_methods(olivia: httpx.Client) -> None:
    assert olivia.put(PATH, data={"enabled": "true"}).status_code == 415
    assert olivia.delete(PATH).status_code == 405
    assert olivia.get("/v2/orgs/AC%00ME/settings").status_code == 404


def test_a_token_limited_to_repositories_rules_nothing(visitor: NewVisitor) -> None:
    _, secret = create_personal_token(
        STAFF,
        named_user("olivia"),
        label="one",
        scope="repo:admin",
        repositories=["docker.io/acme/app"],
    )
    limited = visitor(Authorization=f"Bearer {secret}")
    assert limited.put(PATH, json=body()).status_code == 403
    question = {
        "subject": {"type": "user", "id": "mel"},
        "action": {"name": "pull"},
        "resource": {"type": "image", "id": "docker.io/other/x"},
        "context": {"organization": "acme"},
    }
    assert limited.post("/access/v1/evaluation", json=question).status_code == 403
