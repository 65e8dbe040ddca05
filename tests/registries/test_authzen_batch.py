"""AuthZEN's evaluations: several questions at once, by the specification's rules."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orgs.actor import Actor
from orgs.models import Organization
from orgs.token_operations import create_organization_token
from permissions.operations import Settings, change_policy
from permissions.queries import policy_of
from registries import authzen, throttle
from tests.conftest import NewVisitor

STAFF = Actor.site_staff()
PATH = "/access/v1/evaluations"
MEL = {"type": "user", "id": "mel"}
OLIVIA = {"type": "user", "id": "olivia"}
PULL = {"name": "pull"}
Ask = Callable[..., httpx.Response]
Item = dict[str, Any]


def image(name: str) -> dict[str, str]:
    return {"type": "image", "id": name}


OFFICIAL, COMMUNITY, OWN = image("alpine"), image("randomdev/tool"), image("acme/app")


@pytest.fixture
def ask(visitor: NewVisitor, demo: dict[str, str], acme: Organization) -> Ask:
    """Asks as acme's registry; acme allows official images and verified publishers."""
    change_policy(STAFF, acme, Settings(True, True, True), None)

    def post(body: object, credential: str = "", **headers: str) -> httpx.Response:
        bearer = {"Authorization": f"Bearer {credential or demo['ACME_REGISTRY_TOKEN']}"}
        return visitor().post(PATH, json=body, headers=bearer | headers)

    return post


def of(*items: Any, semantic: str | None = None, **defaults: Any) -> Item:
    """A body with these items over these defaults."""
    options = {"options": {"evaluations_semantic": semantic}} if semantic else {}
    return {**defaults, "evaluations": list(items), **options}


def decisions(answer: httpx.Response) -> list[bool]:
    assert answer.status_code == 200, answer.text
    return [one["decision"] for one in answer.json()["evaluations"]]


def errors(answer: httpx.Response) -> list[int | None]:
    """Each item's error status, None where it was answered."""
    contexts = [one["context"] for one in answer.json()["evaluations"]]
    return [context.get("error", {}).get("status") for context in contexts]


def test_length_and_order_are_kept(ask: Ask) -> None:
    images = [OFFICIAL, COMMUNITY, OWN, COMMUNITY, OFFICIAL]
    answer = ask(of(*[{"resource": one} for one in images], subject=MEL, action=PULL))
    assert decisions(answer) == [True, False, True, False, True]
    assert [one["context"]["image"] for one in answer.json()["evaluations"]] == [
        "docker.io/library/alpine",
        "docker.io/randomdev/tool",
        "docker.io/acme/app",
        "docker.io/randomdev/tool",
        "docker.io/library/alpine",
    ]


def test_each_item_gets_the_answer_it_gets_alone(ask: Ask, visitor: NewVisitor) -> None:
    items = [
        {"subject": who, "action": {"name": action}, "resource": one}
        for who in (MEL, OLIVIA, {"type": "user", "id": "nina"}, {"type": "anonymous", "id": ""})
        for action in ("pull", "push", "dance")
        for one in (OFFICIAL, COMMUNITY, OWN, image("Not A Reference"))
    ]
    together = ask(of(*items)).json()["evaluations"]
    assert together == [ask({**item, "evaluations": []}).json() for item in items]


def test_defaults_are_replaced_as_whole_objects(ask: Ask) -> None:
    answer = ask(
        of(
            {},
            {"resource": COMMUNITY},
            {"subject": OLIVIA, "resource": COMMUNITY},
            {"action": {"name": "push"}},
            {"subject": {"id": "olivia"}},  # the default's type does not shine through
            {"context": {}},
            subject=MEL,
            action=PULL,
            resource=OFFICIAL,
            context={"organization": "acme", "min_policy_version": 1},
        )
    )
    assert decisions(answer) == [True, False, True, False, False, True]
    assert errors(answer) == [None, None, None, None, 400, None]


@pytest.mark.parametrize(
    ("semantic", "expected"),
    [
        (None, [True, False, True, False]),
        ("execute_all", [True, False, True, False]),
        ("deny_on_first_deny", [True, False]),
        ("permit_on_first_permit", [True]),
    ],
)
def test_the_array_ends_with_the_item_that_stopped_it(
    ask: Ask, semantic: str | None, expected: list[bool]
) -> None:
    items = [{"resource": one} for one in (OFFICIAL, COMMUNITY, OWN, COMMUNITY)]
    assert decisions(ask(of(*items, semantic=semantic, subject=MEL, action=PULL))) == expected


def test_a_semantic_that_nothing_stops_goes_to_the_end(ask: Ask) -> None:
    items = [{"resource": COMMUNITY}] * 2
    body = of(*items, semantic="permit_on_first_permit", subject=MEL, action=PULL)
    assert decisions(ask(body)) == [False, False]
    items = [{"resource": OFFICIAL}] * 2
    body = of(*items, semantic="deny_on_first_deny", subject=MEL, action=PULL)
    assert decisions(ask(body)) == [True, True]


def test_an_error_is_a_denial_to_a_semantic_too(ask: Ask) -> None:
    items = [{"resource": {}}, {"resource": OFFICIAL}]
    body = of(*items, semantic="deny_on_first_deny", subject=MEL, action=PULL)
    assert errors(ask(body)) == [400]


@pytest.mark.parametrize("evaluations", [{}, {"evaluations": []}])
def test_without_items_the_body_is_one_evaluation(ask: Ask, evaluations: Item) -> None:
    answer = ask({"subject": MEL, "action": PULL, "resource": COMMUNITY, **evaluations})
    assert answer.status_code == 200
    assert answer.json()["decision"] is False
    assert answer.json()["context"]["rule"] == "community_restricted"
    assert ask({"subject": MEL, "action": PULL, **evaluations}).status_code == 400


def test_what_is_wrong_with_one_item_is_that_items_error(ask: Ask, acme: Organization) -> None:
    version = policy_of(acme).version
    items: list[Any] = [
        {},
        {"context": {"organization": "globex"}},
        {"context": {"organization": "nowhere"}},
        {"subject": {"type": "robot", "id": "mel"}},
        {"resource": {"type": "door", "id": "front"}},
        {"action": "pull"},
        "alpine",
        None,
        {"context": {"organization": "acme", "min_policy_version": version + 1}},
        {"context": {"min_policy_version": version}},
        {"context": {"organization": "acme", "min_policy_version": version}},
    ]
    answer = ask(of(*items, subject=MEL, action=PULL, resource=OFFICIAL))
    expected = [None, 403, 403, 400, 400, 400, 400, 400, 503, 400, None]
    assert errors(answer) == expected
    assert decisions(answer) == [status is None for status in expected]
    messages = [
        one["context"].get("error", {}).get("message", "") for one in answer.json()["evaluations"]
    ]
    assert messages[1] == "This credential may not ask for that organization."
    assert "`$.action`" in messages[5]
    assert str(version + 1) in messages[8]


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "text",
        {"evaluations": None},
        {"evaluations": {}},
        {"evaluations": "all"},
        of({}, semantic="execute_some"),
        {"evaluations": [{}], "options": "execute_all"},
        {"evaluations": [{}], "options": {"evaluations_semantic": 1}},
    ],
)
def test_a_malformed_request_is_an_error_with_its_message(ask: Ask, body: object) -> None:
    answer = ask(body)
    assert answer.status_code == 400
    assert isinstance(answer.json(), str)


def test_bodies_that_are_no_json(visitor: NewVisitor, demo: dict[str, str]) -> None:
    client = visitor(Authorization=f"Bearer {demo['ACME_REGISTRY_TOKEN']}")
    for body in (b"", b"{", b"\xff", b'{"evaluations":' + b"[" * 100_000):
        json_type = {"Content-Type": "application/json"}
        assert client.post(PATH, content=body, headers=json_type).status_code == 400
    sound = json.dumps({"subject": MEL, "action": PULL, "resource": OFFICIAL})
    assert client.post(PATH, content=sound).status_code == 400
    text = {"Content-Type": "text/plain"}
    assert client.post(PATH, content=sound, headers=text).status_code == 400


def test_unknown_fields_are_ignored_and_the_request_id_echoed(ask: Ask) -> None:
    item = {"resource": {**OFFICIAL, "properties": {"owner": "x"}}, "surprise": [1]}
    body = of(item, subject=MEL, action=PULL, more=True) | {"options": {"another_option": "value"}}
    answer = ask(body, **{"X-Request-ID": "batch-1"})
    assert decisions(answer) == [True]
    assert answer.headers["x-request-id"] == "batch-1"


def test_credentials(ask: Ask, visitor: NewVisitor, demo: dict[str, str]) -> None:
    body = of({"resource": OFFICIAL}, subject=MEL, action=PULL)
    assert visitor().post(PATH, json=body).status_code == 401
    assert ask(body, credential="nonsense").status_code == 401
    assert ask(body, credential=demo["MEL_TOKEN"]).status_code == 403
    assert decisions(ask(body, credential=demo["OLIVIA_TOKEN"])) == [True]


def test_a_hundred_items_and_a_mebibyte(ask: Ask) -> None:
    padding = {"properties": {"note": "x" * 11_000}}
    items = [{"resource": {**OFFICIAL, **padding}} for _ in range(100)]
    body = of(*items, subject=MEL, action=PULL)
    assert len(json.dumps(body)) > 1024 * 1024
    assert decisions(ask(body)) == [True] * 100


def test_more_than_can_be_answered_is_refused(ask: Ask) -> None:
    answer = ask(of(*[{}] * 1001, subject=MEL, action=PULL, resource=OFFICIAL))
    assert answer.status_code == 413
    assert answer.json() == "Send at most 1000 evaluations at once, not 1001."
    answer = ask({"padding": "x" * 3 * 1024 * 1024})
    assert answer.status_code == 413
    assert isinstance(answer.json(), str)


def test_what_items_share_is_read_once(ask: Ask, acme: Organization) -> None:
    token, _ = create_organization_token(STAFF, acme, label="CI", scope="repo:read")
    images = [OFFICIAL, COMMUNITY, OWN]

    def queries(items: list[Item]) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert set(errors(ask(of(*items, action=PULL)))) == {None}
        return len(captured)

    subjects = [MEL, {"type": "token", "id": token.public_id}]
    few = [{"subject": who, "resource": one} for who in subjects for one in images]
    assert queries(few * 30) == queries(few)


def test_all_items_are_answered_as_of_one_moment(
    ask: Ask, acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if the rules change while it is answered; the next request sees the change."""
    seen: list[int] = []

    def evaluated(*arguments: Any) -> authzen.Response:
        if len(seen) == 1:
            change_policy(STAFF, acme, Settings(True, False, True), None)
        seen.append(1)
        return authzen.evaluated(*arguments)

    monkeypatch.setattr("registries.authzen_batch.evaluated", evaluated)
    body = of(*[{"resource": OFFICIAL}] * 3, subject=MEL, action=PULL)
    assert decisions(ask(body)) == [True, True, True]
    assert decisions(ask(body)) == [False, False, False]


def test_guessing_names_in_a_batch_is_slowed_down(ask: Ask) -> None:
    most = throttle.UNKNOWN_SUBJECTS.amount
    items = [{"subject": {"type": "user", "id": f"nobody{number}"}} for number in range(most + 5)]
    answer = ask(of(*items, action=PULL, resource=OFFICIAL))
    assert errors(answer) == [None] * most + [429] * 5
    assert decisions(answer) == [False] * len(items)
