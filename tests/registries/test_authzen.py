"""The AuthZEN API: the same answers as the token endpoint, with the facts behind them."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from orgs.actor import Actor
from orgs.member_operations import add_member
from orgs.models import Organization
from orgs.operations import deactivate_user
from orgs.secrets import SecretKind, new_secret
from orgs.token_operations import create_organization_token, create_personal_token
from permissions.operations import Settings, change_policy
from permissions.queries import policy_of, site_version
from registries import throttle
from tests.conftest import NewVisitor, named_user

STAFF = Actor.site_staff()
PATH = "/access/v1/evaluation"
Evaluate = Callable[..., httpx.Response]


@pytest.fixture
def evaluate(visitor: NewVisitor, demo: dict[str, str]) -> Evaluate:
    client = visitor()

    def post(
        image: str = "docker.io/randomdev/tool:1.2",
        *,
        who: str = "mel",
        kind: str = "user",
        action: str = "pull",
        credential: str = demo["ACME_REGISTRY_TOKEN"],
        **context: Any,
    ) -> httpx.Response:
        body = {
            "subject": {"type": kind, "id": who},
            "action": {"name": action},
            "resource": {"type": "image", "id": image},
            "context": context,
        }
        return client.post(PATH, json=body, headers={"Authorization": f"Bearer {credential}"})

    return post


@pytest.fixture
def restricted(acme: Organization) -> None:
    """Acme allows official images and verified publishers, so no community images."""
    change_policy(STAFF, acme, Settings(True, True, True), None)


def rule(answer: httpx.Response) -> tuple[bool, str]:
    assert answer.status_code == 200, answer.text
    body = answer.json()
    return body["decision"], body["context"]["rule"]


def test_a_denial_is_an_answer_with_its_reason(
    evaluate: Evaluate, restricted: None, acme: Organization
) -> None:
    answer = evaluate(organization="acme")
    assert answer.status_code == 200
    assert answer.json() == {
        "decision": False,
        "context": {
            "rule": "community_restricted",
            "category": "community",
            "organization": "acme",
            "policy_version": policy_of(acme).version,
            "site_version": site_version(),
            "image": "docker.io/randomdev/tool:1.2",
            "classified_as": "docker.io/randomdev/tool",
            "reason": "acme does not allow community images. Use an official or verified "
            "publisher image, or ask an owner of acme for an exception.",
        },
    }


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("alpine", (True, "official_allowed")),
        ("docker.io/library/alpine:3", (True, "official_allowed")),
        ("localhost:5000/alpine", (True, "official_allowed")),
        ("localhost:5000/bitnami/redis", (True, "verified_publisher_allowed")),
        ("acme/app", (True, "organization_image")),
        ("ghcr.io/acme/app", (False, "community_restricted")),
        ("globex/app", (False, "community_restricted")),
        ("Not A Reference", (False, "invalid_reference")),
        ("", (False, "invalid_reference")),
        ("a" * 100_000, (False, "invalid_reference")),
        ("acme/app\x00", (False, "invalid_reference")),
    ],
)
def test_images_are_read_and_classified(
    evaluate: Evaluate, restricted: None, image: str, expected: tuple[bool, str]
) -> None:
    assert rule(evaluate(image)) == expected


def test_who_asks_for_what(evaluate: Evaluate, restricted: None) -> None:
    assert rule(evaluate(who="olivia")) == (True, "owner")
    assert rule(evaluate(who="nina")) == (False, "not_a_member")
    assert rule(evaluate(who="stranger")) == (False, "unknown_subject")
    assert rule(evaluate(who="mel\x00")) == (False, "unknown_subject")
    assert rule(evaluate(who="x", kind="anonymous")) == (False, "anonymous_denied")
    assert rule(evaluate("acme/app", action="push")) == (False, "push_denied")
    assert rule(evaluate("acme/app", action="push", who="olivia")) == (True, "push_allowed")
    assert rule(evaluate("acme/app", action="dance", who="olivia")) == (False, "push_denied")


def test_an_organization_token_as_a_subject(
    evaluate: Evaluate, restricted: None, acme: Organization
) -> None:
    token, _ = create_organization_token(STAFF, acme, label="CI", scope="repo:read")
    assert rule(evaluate("acme/app", who=token.public_id, kind="token"))[0]
    assert rule(evaluate(who=token.public_id, kind="token")) == (False, "community_restricted")
    assert rule(evaluate(who="oat_0000000000000000", kind="token"))[1] == "unknown_subject"


def test_the_same_answers_as_the_token_endpoint(
    evaluate: Evaluate, restricted: None, visitor: NewVisitor, demo: dict[str, str]
) -> None:
    client = visitor()
    for who in ("olivia", "mel", "nina"):
        for name in ("library/alpine", "bitnami/redis", "randomdev/tool", "acme/app"):
            params = {"service": "acme", "scope": f"repository:{name}:pull"}
            token = client.get("/auth/token", params=params, auth=(who, demo["DEMO_PASSWORD"]))
            answer = evaluate(f"localhost:5000/{name}", who=who).json()
            assert answer["decision"] == (token.status_code == 200)
            if not answer["decision"]:
                assert token.json()["errors"][0]["message"] == answer["context"]["reason"]


def test_several_organizations_are_listed(
    evaluate: Evaluate, restricted: None, demo: dict[str, str]
) -> None:
    answer = evaluate("globex/app", who="gus", credential=demo["SITE_REGISTRY_TOKEN"]).json()
    assert not answer["decision"]
    assert answer["context"]["organization"] == "acme"
    listed = answer["context"]["organizations"]
    assert [(one["organization"], one["decision"], one["category"]) for one in listed] == [
        ("acme", False, "community"),
        ("globex", True, "organization"),
    ]


def test_no_organization_no_category(evaluate: Evaluate, demo: dict[str, str]) -> None:
    context = evaluate(who="nina", credential=demo["SITE_REGISTRY_TOKEN"]).json()["context"]
    assert context["rule"] == "not_governed"
    assert context["category"] is context["policy_version"] is context["organization"] is None


def test_a_credential_asks_only_for_its_organization(
    evaluate: Evaluate, demo: dict[str, str]
) -> None:
    assert evaluate(organization="globex").status_code == 403
    assert evaluate(organization="nowhere").status_code == 403
    site = demo["SITE_REGISTRY_TOKEN"]
    assert evaluate(organization="globex", credential=site, who="gus").status_code == 200
    assert evaluate(organization="nowhere", credential=site).status_code == 403
    assert evaluate(organization="now\x00here", credential=site).status_code == 403


def test_an_owners_token_asks_for_what_they_own(
    evaluate: Evaluate, restricted: None, globex: Organization, demo: dict[str, str]
) -> None:
    olivia = demo["OLIVIA_TOKEN"]
    assert rule(evaluate(credential=olivia)) == (False, "community_restricted")
    assert evaluate(credential=olivia, organization="globex").status_code == 403
    add_member(STAFF, globex, named_user("olivia"), teams=["owners"])
    ambiguous = evaluate(credential=olivia)
    assert ambiguous.status_code == 400
    assert "acme and globex" in ambiguous.json()
    assert rule(evaluate(credential=olivia, organization="acme"))[1] == "community_restricted"


def test_an_owner_does_not_learn_who_exists(evaluate: Evaluate, demo: dict[str, str]) -> None:
    olivia = demo["OLIVIA_TOKEN"]
    unknown = evaluate(who="stranger", credential=olivia).json()
    existing = evaluate(who="nina", credential=olivia).json()
    assert unknown["context"]["rule"] == "not_a_member"
    assert unknown == existing
    deactivate_user(STAFF, named_user("mel"))
    assert rule(evaluate(who="mel", credential=olivia)) == (False, "not_a_member")


def test_credentials_that_may_not_ask(
    evaluate: Evaluate, acme: Organization, demo: dict[str, str]
) -> None:
    assert evaluate(credential=demo["MEL_TOKEN"]).status_code == 403
    _, weak = create_personal_token(STAFF, named_user("olivia"), label="x", scope="repo:write")
    assert evaluate(credential=weak).status_code == 403
    _, strong = create_organization_token(STAFF, acme, label="x", scope="repo:admin")
    assert evaluate(credential=strong).status_code == 200
    for bad in ("", "nonsense", new_secret(SecretKind.PERSONAL), demo["DEMO_PASSWORD"]):
        answer = evaluate(credential=bad)
        assert answer.status_code == 401
        assert isinstance(answer.json(), str)
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_caller_never_gets_an_older_answer_than_it_has_seen(
    evaluate: Evaluate, acme: Organization
) -> None:
    version = policy_of(acme).version
    assert evaluate(organization="acme", min_policy_version=version).status_code == 200
    later = evaluate(organization="acme", min_policy_version=version + 1)
    assert later.status_code == 503
    assert later.headers["retry-after"] == "1"
    assert evaluate(min_policy_version=version).status_code == 400
    add_member(STAFF, acme, named_user("nina"))
    assert evaluate(organization="acme", min_policy_version=version + 1).status_code == 200


def test_guessing_names_is_slowed_down(evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(throttle.UNKNOWN_SUBJECTS.amount):
        assert rule(evaluate(who=f"nobody{number}"))[1] == "unknown_subject"
    answer = evaluate(who="one-more")
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "60"
    # Whoever guesses names stops nobody's pulls.
    assert evaluate().status_code == 200


SOUND = {
    "subject": {"type": "user", "id": "mel"},
    "action": {"name": "pull"},
    "resource": {"type": "image", "id": "alpine"},
}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"{",
        b"\xff",
        b"[" * 100_000,
        {},
        {**SOUND, "subject": None},
        {**SOUND, "subject": {"type": "user"}},
        {**SOUND, "subject": {"type": "user", "id": 7}},
        {**SOUND, "subject": {"type": "robot", "id": "mel"}},
        {**SOUND, "subject": {"type": "cluster", "id": "mel"}},
        {**SOUND, "action": "pull"},
        {**SOUND, "action": {}},
        {**SOUND, "resource": {"id": "alpine"}},
        {**SOUND, "resource": {"type": "door", "id": "alpine"}},
        {**SOUND, "context": []},
        {**SOUND, "context": {"organization": 1}},
        {**SOUND, "context": {"organization": "acme", "min_policy_version": "7"}},
    ],
)
def test_malformed_bodies_are_told_where(
    visitor: NewVisitor, demo: dict[str, str], body: object
) -> None:
    client = visitor(Authorization=f"Bearer {demo['ACME_REGISTRY_TOKEN']}")
    options: dict[str, Any] = (
        {"content": body, "headers": {"Content-Type": "application/json"}}
        if isinstance(body, bytes)
        else {"json": body}
    )
    answer = client.post(PATH, **options)
    assert answer.status_code == 400
    assert isinstance(answer.json(), str)


def test_what_the_specification_says_of_requests(visitor: NewVisitor, demo: dict[str, str]) -> None:
    client = visitor(Authorization=f"Bearer {demo['ACME_REGISTRY_TOKEN']}")
    extended = {
        **SOUND,
        "subject": {**SOUND["subject"], "properties": {"department": "Sales"}},
        "surprise": 1,
    }
    answer = client.post(PATH, json=extended, headers={"X-Request-ID": "abc-123"})
    assert answer.json()["decision"] is True
    assert answer.headers["x-request-id"] == "abc-123"
    assert client.post(PATH, json=SOUND).headers["x-request-id"]
    assert (
        client.post(PATH, content="{}", headers={"Content-Type": "text/plain"}).status_code == 400
    )
    assert client.get(PATH).status_code == 405
    injected = client.post(PATH, json=SOUND, headers={"X-Request-ID": "a b"})
    assert injected.headers["x-request-id"] != "a b"


def test_large_bodies(visitor: NewVisitor, demo: dict[str, str]) -> None:
    client = visitor(Authorization=f"Bearer {demo['ACME_REGISTRY_TOKEN']}")
    padded = {**SOUND, "context": {"padding": "x" * 1024 * 1024}}
    assert client.post(PATH, json=padded).status_code == 200
    padded["context"] = {"padding": "x" * 3 * 1024 * 1024}
    assert client.post(PATH, json=padded).status_code == 413


def test_the_metadata_describes_what_is_there(visitor: NewVisitor) -> None:
    assert visitor().get("/.well-known/authzen-configuration").json() == {
        "policy_decision_point": "http://localhost:8000",
        "access_evaluation_endpoint": "http://localhost:8000/access/v1/evaluation",
        "access_evaluations_endpoint": "http://localhost:8000/access/v1/evaluations",
        "search_subject_endpoint": "http://localhost:8000/access/v1/search/subject",
        "search_action_endpoint": "http://localhost:8000/access/v1/search/action",
    }
