"""AuthZEN's searches: which actions somebody has, which members have an action."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from orgs.actor import Actor
from orgs.member_operations import add_member
from orgs.models import Organization
from orgs.operations import create_user, deactivate_user
from orgs.team_operations import create_team
from orgs.token_operations import create_organization_token
from permissions.operations import Settings, change_policy
from permissions.queries import policy_of
from registries import authzen_page
from tests.conftest import NewVisitor, named_user

STAFF = Actor.site_staff()
ACTIONS, SUBJECTS = "/access/v1/search/action", "/access/v1/search/subject"
MEL = {"type": "user", "id": "mel"}
OWN = {"type": "image", "id": "acme/app"}
COMMUNITY = {"type": "image", "id": "randomdev/tool"}
PULL = {"name": "pull"}
USERS = {"type": "user"}
Ask = Callable[..., httpx.Response]


@pytest.fixture
def ask(visitor: NewVisitor, demo: dict[str, str], acme: Organization) -> Ask:
    """Asks as acme's registry; acme allows official images and verified publishers."""
    change_policy(STAFF, acme, Settings(True, True, True), None)

    def post(path: str, credential: str = "", **body: Any) -> httpx.Response:
        bearer = {"Authorization": f"Bearer {credential or demo['ACME_REGISTRY_TOKEN']}"}
        return visitor().post(path, json=body, headers=bearer)

    return post


def names(answer: httpx.Response) -> list[str]:
    """What was found: the names of actions, or the ids of subjects."""
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["page"]["count"] == len(body["results"])
    return [one.get("name") or one["id"] for one in body["results"]]


@pytest.mark.parametrize(
    ("who", "image", "expected"),
    [
        ("mel", "acme/app", ["pull"]),
        ("mel", "alpine", ["pull"]),
        ("mel", "randomdev/tool", []),
        ("olivia", "acme/app", ["delete", "pull", "push"]),
        ("olivia", "randomdev/tool", ["pull"]),
        ("nina", "acme/app", []),
        ("nobody", "acme/app", []),
        ("mel", "Not A Reference", []),
        ("mel\x00", "acme/app", []),
    ],
)
def test_which_actions_somebody_has(ask: Ask, who: str, image: str, expected: list[str]) -> None:
    resource = {"type": "image", "id": image}
    answer = ask(ACTIONS, subject={"type": "user", "id": who}, resource=resource)
    assert names(answer) == expected
    assert answer.json()["page"]["next_token"] == ""


def test_the_searches_agree_with_the_evaluation(ask: Ask) -> None:
    for image in ("acme/app", "alpine", "randomdev/tool"):
        resource = {"type": "image", "id": image}
        for action in ("pull", "push", "delete"):
            found = names(ask(SUBJECTS, subject=USERS, action={"name": action}, resource=resource))
            for who in ("gus", "mel", "nina", "olivia"):
                body = {"subject": {"type": "user", "id": who}, "resource": resource}
                one = ask("/access/v1/evaluation", **body, action={"name": action}).json()
                assert one["decision"] == (who in found)
                assert one["decision"] == (action in names(ask(ACTIONS, **body)))


def test_an_organization_tokens_actions(ask: Ask, acme: Organization) -> None:
    token, _ = create_organization_token(STAFF, acme, label="CI", scope="repo:write")
    subject = {"type": "token", "id": token.public_id}
    assert names(ask(ACTIONS, subject=subject, resource=OWN)) == ["pull", "push"]


def test_which_members_have_an_action(ask: Ask, acme: Organization) -> None:
    push = {"name": "push"}
    assert names(ask(SUBJECTS, subject=USERS, action=PULL, resource=OWN)) == [
        "gus",
        "mel",
        "olivia",
    ]
    assert names(ask(SUBJECTS, subject=USERS, action=PULL, resource=COMMUNITY)) == ["olivia"]
    assert names(ask(SUBJECTS, subject=USERS, action=push, resource=OWN)) == ["olivia"]
    create_team(STAFF, acme, "builders", can_push=True)
    add_member(STAFF, acme, named_user("mel"), teams=["builders"])
    assert names(ask(SUBJECTS, subject=USERS, action=push, resource=OWN)) == ["mel", "olivia"]
    deactivate_user(STAFF, named_user("mel"))
    assert names(ask(SUBJECTS, subject=USERS, action=push, resource=OWN)) == ["olivia"]


def test_results_have_the_specifications_shapes(ask: Ask) -> None:
    found = ask(SUBJECTS, subject=USERS, action=PULL, resource=COMMUNITY).json()
    assert found == {
        "results": [{"type": "user", "id": "olivia"}],
        "page": {"next_token": "", "count": 1},
    }
    found = ask(ACTIONS, subject=MEL, resource=OWN).json()
    assert found == {"results": [{"name": "pull"}], "page": {"next_token": "", "count": 1}}


def test_what_is_searched_for_is_not_looked_at(ask: Ask) -> None:
    subject = {"type": "user", "id": "mel"}
    everybody = names(ask(SUBJECTS, subject=USERS, action=PULL, resource=OWN))
    assert names(ask(SUBJECTS, subject=subject, action=PULL, resource=OWN)) == everybody
    assert names(ask(ACTIONS, subject=MEL, action={"name": "push"}, resource=OWN)) == ["pull"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (ACTIONS, {"subject": {"type": "robot", "id": "r2"}, "resource": OWN}),
        (ACTIONS, {"subject": MEL, "resource": {"type": "door", "id": "front"}}),
        (SUBJECTS, {"subject": {"type": "robot"}, "action": PULL, "resource": OWN}),
        (SUBJECTS, {"subject": {"type": "token"}, "action": PULL, "resource": OWN}),
        (SUBJECTS, {"subject": USERS, "action": {"name": "dance"}, "resource": OWN}),
        (SUBJECTS, {"subject": USERS, "action": PULL, "resource": {"type": "door", "id": "x"}}),
        (SUBJECTS, {"subject": USERS, "action": PULL, "resource": {"type": "image", "id": "A B"}}),
    ],
)
def test_what_is_unknown_finds_nothing(ask: Ask, path: str, body: dict[str, Any]) -> None:
    assert names(ask(path, **body)) == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (ACTIONS, {}),
        (ACTIONS, {"subject": MEL}),
        (ACTIONS, {"subject": {"type": "user"}, "resource": OWN}),
        (ACTIONS, {"subject": MEL, "resource": {"type": "image"}}),
        (ACTIONS, {"subject": MEL, "resource": OWN, "page": {"limit": 0}}),
        (ACTIONS, {"subject": MEL, "resource": OWN, "page": {"limit": "1"}}),
        (ACTIONS, {"subject": MEL, "resource": OWN, "page": []}),
        (ACTIONS, {"subject": MEL, "resource": OWN, "page": {"token": 1}}),
        (SUBJECTS, {"subject": USERS, "resource": OWN}),
        (SUBJECTS, {"subject": {}, "action": PULL, "resource": OWN}),
        (SUBJECTS, {"subject": USERS, "action": {}, "resource": OWN}),
        (SUBJECTS, {"subject": USERS, "action": PULL, "resource": {"type": "image"}}),
    ],
)
def test_what_is_missing_or_malformed_is_an_error(
    ask: Ask, path: str, body: dict[str, Any]
) -> None:
    answer = ask(path, **body)
    assert answer.status_code == 400
    assert isinstance(answer.json(), str)


def test_pages_go_on_where_the_last_ended(ask: Ask) -> None:
    body: dict[str, Any] = {"subject": USERS, "action": PULL, "resource": OWN}
    found: list[list[str]] = []
    page: dict[str, Any] = {"limit": 1}
    for _ in range(3):
        answer = ask(SUBJECTS, **body, page=page)
        found.append(names(answer))
        page = {"limit": 1, "token": answer.json()["page"]["next_token"]}
    assert found == [["gus"], ["mel"], ["olivia"]]
    assert page["token"] == ""


def test_actions_come_in_pages_too(ask: Ask) -> None:
    body: dict[str, Any] = {"subject": {"type": "user", "id": "olivia"}, "resource": OWN}
    first = ask(ACTIONS, **body, page={"limit": 2})
    assert names(first) == ["delete", "pull"]
    page = {"token": first.json()["page"]["next_token"]}
    assert names(ask(ACTIONS, **body, page=page)) == ["push"]


def test_a_page_that_would_take_too_long_is_short(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authzen_page, "MOST_LOOKED_AT", 2)
    body: dict[str, Any] = {"subject": USERS, "action": PULL, "resource": COMMUNITY}
    first = ask(SUBJECTS, **body)
    assert names(first) == []
    page = {"token": first.json()["page"]["next_token"]}
    second = ask(SUBJECTS, **body, page=page)
    assert names(second) == ["olivia"]
    assert second.json()["page"]["next_token"] == ""


def test_a_limit_above_ours_is_lowered(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authzen_page, "MOST_RESULTS", 2)
    body: dict[str, Any] = {"subject": USERS, "action": PULL, "resource": OWN}
    assert names(ask(SUBJECTS, **body, page={"limit": 1_000_000})) == ["gus", "mel"]


def test_a_pages_token_is_good_for_its_own_search_alone(ask: Ask) -> None:
    body: dict[str, Any] = {"subject": USERS, "action": PULL, "resource": OWN}
    token = ask(SUBJECTS, **body, page={"limit": 1}).json()["page"]["next_token"]
    tampered = ("a" if token[0] != "a" else "b") + token[1:]
    for wrong in (tampered, token[:-1], "x", ".", "!!.!!", "\u00e9"):
        assert ask(SUBJECTS, **body, page={"token": wrong}).status_code == 400
    other = body | {"resource": COMMUNITY}
    assert ask(SUBJECTS, **other, page={"token": token}).status_code == 400
    assert names(ask(SUBJECTS, **body, page={"token": token})) == ["mel", "olivia"]


def test_only_an_organization_lists_its_own_members(
    ask: Ask, acme: Organization, demo: dict[str, str]
) -> None:
    body: dict[str, Any] = {"subject": USERS, "action": PULL, "resource": OWN}
    site = demo["SITE_REGISTRY_TOKEN"]
    assert ask(SUBJECTS, site, **body).status_code == 403
    assert ask(SUBJECTS, site, **body, context={"organization": "acme"}).status_code == 403
    assert ask(SUBJECTS, **body, context={"organization": "globex"}).status_code == 403
    assert ask(SUBJECTS, demo["MEL_TOKEN"], **body).status_code == 403
    everybody = ["gus", "mel", "olivia"]
    assert names(ask(SUBJECTS, demo["OLIVIA_TOKEN"], **body)) == everybody
    _, secret = create_organization_token(STAFF, acme, label="CI", scope="repo:admin")
    assert names(ask(SUBJECTS, secret, **body)) == everybody
    assert names(ask(SUBJECTS, demo["GUS_TOKEN"], **body)) == ["gus"]  # of globex, which he owns
    # What somebody may do is no secret to the registry of the whole site.
    assert names(ask(ACTIONS, site, subject=MEL, resource=OWN)) == ["pull"]


def test_an_outsider_is_never_found(ask: Ask) -> None:
    create_user(STAFF, username="zoe", email="zoe@example.com", password=None)
    found = names(ask(SUBJECTS, subject=USERS, action=PULL, resource=OWN))
    assert not {"zoe", "nina"} & set(found)


def test_credentials_and_versions(ask: Ask, visitor: NewVisitor, acme: Organization) -> None:
    for path in (ACTIONS, SUBJECTS):
        body: dict[str, Any] = {"subject": MEL, "action": PULL, "resource": OWN}
        assert visitor().post(path, json=body).status_code == 401
        later = {"organization": "acme", "min_policy_version": policy_of(acme).version + 1}
        answer = ask(path, **body, context=later)
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "1"
        echoed = visitor().post(path, json=body, headers={"X-Request-ID": "search-1"})
        assert echoed.headers["x-request-id"] == "search-1"


def test_resources_are_not_searched_for(visitor: NewVisitor) -> None:
    assert visitor().post("/access/v1/search/resource", json={}).status_code in (403, 404)
    metadata = visitor().get("/.well-known/authzen-configuration").json()
    assert "search_resource_endpoint" not in metadata
    assert "search_subject_endpoint" in metadata
