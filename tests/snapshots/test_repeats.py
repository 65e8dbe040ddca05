"""A request in the same words gets the same answer, for as long as it would be made again."""

import base64
import gc
import json
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from django.utils import timezone

from audit.pull_log import Pull
from orgs.actor import Actor
from orgs.token_operations import create_organization_token, revoke_organization_token
from permissions import reading
from permissions.snapshots.memory import store, watcher
from permissions.snapshots.store import FRESH_SECONDS, clock
from permissions.uses import uses
from registries import pull_log, repeats, routes, signing, throttle
from registries.authorities import BACKDATED, authority_in
from registries.authzen import EVALUATION
from registries.http import Answer, Request
from registries.models import SigningKey
from tests.conftest import named_organization
from tests.snapshots.test_steady_state import evaluation

pytestmark = pytest.mark.usefixtures("live")

STAFF = Actor.site_staff()
TOOL = "docker.io/randomdev/tool"
SetEnabled = Callable[[bool], None]
Elsewhere = psycopg.Connection[Any]
Ask = Callable[..., httpx.Response]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """The requests that the handlers were called with."""
    seen: list[Request] = []
    for path, route in routes.ROUTES.items():

        def noted(request: Request, of: Callable[[Request], Answer] = route.handle) -> Answer:
            seen.append(request)
            return of(request)

        monkeypatch.setitem(routes.ROUTES, path, replace(route, handle=noted))
    return seen


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[Pull]:
    """What went into the pull log."""
    lines: list[Pull] = []
    monkeypatch.setattr(pull_log.log, "add", lines.extend)
    return lines


@pytest.fixture
def evaluate(client: httpx.Client, secrets: dict[str, str], logged: list[Pull]) -> Ask:
    def ask(
        who: str = "mel",
        image: str = TOOL,
        secret: str = secrets["ACME_REGISTRY_TOKEN"],
        **headers: str,
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {secret}", **headers}
        return client.post(EVALUATION, json=evaluation(who, image), headers=headers)

    return ask


@pytest.fixture
def check(client: httpx.Client, secrets: dict[str, str], logged: list[Pull]) -> Ask:
    def ask(**headers: str) -> httpx.Response:
        headers = {
            "X-Registry-Token": secrets["ACME_REGISTRY_TOKEN"],
            "X-Original-Method": "GET",
            "X-Original-URI": "/v2/acme/app/manifests/latest",
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        auth = ("mel", secrets["MEL_TOKEN"])
        return client.get("/authz/nginx", headers=headers, auth=auth)

    return ask


@pytest.fixture
def organization_token() -> Iterator[tuple[str, str]]:
    """The public id and the secret of an organization token of acme's."""
    acme = named_organization("acme")
    token, secret = create_organization_token(STAFF, acme, label="CI", scope="repo:admin")
    yield token.public_id, secret
    revoke_organization_token(STAFF, acme, token.public_id)


@pytest.fixture
def coming_key(tmp_path: Path) -> Iterator[SigningKey]:
    """A key that is valid in an hour."""
    begins = timezone.now() + timedelta(hours=1)
    key = signing.rotate(authority_in(tmp_path, begins), begins + BACKDATED)
    watcher.look_again()
    yield key
    key.delete()


def test_the_same_words_are_read_once(evaluate: Ask, check: Ask, asked: list[Request]) -> None:
    answers = {evaluate().content for _ in range(3)} | {check().content for _ in range(3)}
    assert len(answers) == 2
    assert [request.path for request in asked] == [EVALUATION, "/authz/nginx"]


def test_a_handler_sees_only_what_its_answers_are_told_apart_by(
    evaluate: Ask, check: Ask, asked: list[Request]
) -> None:
    for ask in (evaluate, check):
        ask(**{"User-Agent": "docker/28", "X-Request-ID": "one", "Accept": "*/*"})
    assert [set(request.headers) for request in asked] == [
        {"authorization", "content-type"},
        {"authorization", "x-registry-token", "x-original-method", "x-original-uri"},
    ]


def test_other_words_are_another_question(evaluate: Ask, check: Ask, asked: list[Request]) -> None:
    evaluate()
    evaluate(who="olivia")
    evaluate(image=f"{TOOL}:1")
    check()
    check(X_Original_URI="/v2/acme/app/manifests/1")
    check(X_Original_Method="PUT")
    assert len(asked) == 6


def test_somebody_elses_credential_gets_no_answer_of_ours(
    evaluate: Ask, secrets: dict[str, str], logged: list[Pull]
) -> None:
    assert evaluate().status_code == 200
    assert evaluate(secret="hubadmin_reg_" + "0" * 49).status_code == 401
    assert evaluate(secret=secrets["SITE_REGISTRY_TOKEN"]).status_code == 200
    assert [line.decided.registry for line in logged] == ["acme", "hub"]


def test_a_body_of_another_kind_is_refused_though_its_words_are_known(evaluate: Ask) -> None:
    assert evaluate().status_code == 200
    assert evaluate(**{"Content-Type": "text/plain"}).status_code == 400
    assert evaluate().status_code == 200


def test_each_request_has_its_own_line(evaluate: Ask, logged: list[Pull]) -> None:
    before = timezone.now()
    evaluate(**{"User-Agent": "docker/27", "X-Request-ID": "one"})
    evaluate(**{"User-Agent": "docker/28", "X-Request-ID": "two"})
    first, second = logged
    assert [line.client for line in logged] == ["docker/27", "docker/28"]
    assert [line.request_id for line in logged] == ["one", "two"]
    assert {line.address for line in logged} == {"203.0.113.7"}
    assert first.decided is second.decided
    assert before <= first.at < second.at
    assert first.key != second.key


def test_each_request_notes_that_its_credential_was_used(evaluate: Ask) -> None:
    evaluate()
    uses.stop()
    uses._noted.clear()
    evaluate()
    assert [used.model.__name__ for used in uses._waiting] == ["RegistryCredential"]


def test_p6_a_change_counts_for_the_next_request(evaluate: Ask, set_enabled: SetEnabled) -> None:
    assert evaluate().json()["decision"] is True
    set_enabled(True)
    watcher.look_again()
    assert evaluate().json()["decision"] is False


def test_p6_after_a_look_that_is_too_long_ago_comes_another(
    evaluate: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluate()
    looked: list[float] = []
    times = iter([clock() + FRESH_SECONDS] * 2)

    def look_again(patience: float = 0) -> bool:
        looked.append(patience)
        return True

    monkeypatch.setattr(reading, "clock", lambda: next(times, clock()))
    monkeypatch.setattr(watcher, "look_again", look_again)
    assert evaluate().status_code == 200
    assert len(looked) == 1


def test_p9_a_revoked_credential_is_worth_nothing(
    evaluate: Ask, organization_token: tuple[str, str]
) -> None:
    public_id, secret = organization_token
    assert evaluate(secret=secret).status_code == 200
    revoke_organization_token(STAFF, named_organization("acme"), public_id)
    watcher.look_again()
    assert evaluate(secret=secret).status_code == 401


def test_p9_a_credential_ends_when_it_says(
    evaluate: Ask,
    elsewhere: Elsewhere,
    organization_token: tuple[str, str],
    at: Callable[[datetime], None],
) -> None:
    public_id, secret = organization_token
    end = timezone.now() + timedelta(hours=1)
    elsewhere.execute(
        "UPDATE orgs_organizationaccesstoken SET expires_at = %s WHERE public_id = %s",
        [end, public_id],
    )
    watcher.look_again()
    assert evaluate(secret=secret).status_code == 200
    at(end - timedelta(microseconds=1))
    assert evaluate(secret=secret).status_code == 200
    at(end)
    assert evaluate(secret=secret).status_code == 401


def test_o0_guesses_at_names_are_counted_each_time(
    evaluate: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []

    def count(limit: Any, key: str) -> bool:
        counted.append(key)
        return len(counted) < 3

    monkeypatch.setattr("registries.authzen.count", count)
    assert [evaluate(who="stranger").status_code for _ in range(3)] == [200, 200, 429]


def test_o0_a_token_that_has_ended_is_counted_and_takes_no_memory(
    client: httpx.Client,
    secrets: dict[str, str],
    logged: list[Pull],
    elsewhere: Elsewhere,
    organization_token: tuple[str, str],
) -> None:
    public_id, _ = organization_token
    elsewhere.execute(
        "UPDATE orgs_organizationaccesstoken SET created_at = now() - interval '2 days', "
        "expires_at = now() - interval '1 day' WHERE public_id = %s",
        [public_id],
    )
    watcher.look_again()
    body = evaluation(public_id, TOOL) | {"subject": {"type": "token", "id": public_id}}
    bearer = {"Authorization": f"Bearer {secrets['ACME_REGISTRY_TOKEN']}"}
    before = store.counts().get("answer", 0)
    for _ in range(2):
        answer = client.post(EVALUATION, json=body, headers=bearer).json()
        assert answer["context"]["rule"] == "unknown_subject"
    assert store.counts().get("answer", 0) == before


def test_p9_a_password_is_refused_though_it_was_right_before(
    check: Ask, client: httpx.Client, secrets: dict[str, str], asked: list[Request]
) -> None:
    def by_password() -> int:
        headers = {
            "X-Registry-Token": secrets["ACME_REGISTRY_TOKEN"],
            "X-Original-Method": "GET",
            "X-Original-URI": "/v2/acme/app/manifests/latest",
        }
        auth = ("mel", secrets["DEMO_PASSWORD"])
        return client.get("/authz/nginx", headers=headers, auth=auth).status_code

    assert [by_password() for _ in range(3)] == [200] * 3
    throttle._fallback().hit(throttle.PASSWORDS_OF_USER, "mel", cost=10)
    try:
        assert by_password() == 403
    finally:
        throttle.forget(throttle.PASSWORDS_OF_USER, "mel")
    assert by_password() == 200


def test_refusals_take_no_memory(evaluate: Ask, client: httpx.Client) -> None:
    evaluate()
    before = store.counts()["answer"]
    for number in range(20):
        evaluate(secret=f"hubadmin_reg_{number:049}")
        evaluate(image=f"not a reference {number}", **{"Content-Type": "text/plain"})
        evaluate(who=f"stranger-{number}")
    assert store.counts()["answer"] == before


def test_long_bodies_are_not_remembered(evaluate: Ask, asked: list[Request]) -> None:
    long = TOOL + ":" + "a" * repeats.LONGEST_BODY
    for _ in range(2):
        evaluate(image=long)
    assert len(asked) == 2


def test_an_answer_in_the_same_words_does_not_keep_its_parts_beside_it(evaluate: Ask) -> None:
    before = store.counts().get("answer", 0)
    evaluate(image=f"{TOOL}:only-here")
    assert store.counts()["answer"] == before + 1


def test_a_token_is_signed_anew_of_what_was_granted_before(
    client: httpx.Client, secrets: dict[str, str], logged: list[Pull], asked: list[Request]
) -> None:
    params = {"service": "acme", "scope": "repository:acme/app:pull"}
    auth = ("mel", secrets["MEL_TOKEN"])
    answers = [client.get("/auth/token", params=params, auth=auth).json() for _ in range(3)]
    assert len({answer["token"] for answer in answers}) == 3
    assert {answer["scope"] for answer in answers} == {"repository:acme/app:pull"}
    assert [line.decided.protocol for line in logged] == ["token"] * 3
    assert len(asked) == 1


def test_a_token_is_signed_with_the_newest_key_that_is_valid(
    client: httpx.Client,
    secrets: dict[str, str],
    coming_key: SigningKey,
    asked: list[Request],
    at: Callable[[datetime], None],
) -> None:
    def key_of_a_token() -> str | None:
        answer = client.get(
            "/auth/token",
            params={"service": "acme", "scope": "repository:acme/app:pull"},
            auth=("mel", secrets["MEL_TOKEN"]),
        )
        if answer.status_code == 503:
            return None
        header = answer.json()["token"].partition(".")[0]
        return str(json.loads(base64.urlsafe_b64decode(f"{header}=="))["kid"])

    assert key_of_a_token() != coming_key.key_id
    at(coming_key.not_before - timedelta(microseconds=1))
    assert key_of_a_token() != coming_key.key_id
    at(coming_key.not_before)
    assert key_of_a_token() == coming_key.key_id
    at(coming_key.not_after - signing.RESERVE - timedelta(microseconds=1))
    assert key_of_a_token() == coming_key.key_id
    assert len(asked) == 2
    at(coming_key.not_after - signing.RESERVE)
    assert key_of_a_token() is None


def test_everybody_gets_a_refresh_token_of_their_own(
    client: httpx.Client, secrets: dict[str, str], asked: list[Request]
) -> None:
    params = {"service": "acme", "offline_token": "true"}
    auth = ("mel", secrets["MEL_TOKEN"])
    answers = [client.get("/auth/token", params=params, auth=auth).json() for _ in range(3)]
    assert len({answer["refresh_token"] for answer in answers}) == 3
    assert len(asked) == 3


def test_answers_take_no_more_memory_than_is_reckoned_with(
    evaluate: Ask, logged: list[Pull]
) -> None:
    def ask(number: int) -> None:
        evaluate(image=f"docker.io/randomdev{number}/application:1.{number}")
        logged.clear()  # the log's lines leave with what is written

    for number in range(20):
        ask(number)
    gc.collect()
    tracemalloc.start()
    try:
        taken, reckoned = tracemalloc.get_traced_memory()[0], store.size
        for number in range(20, 1020):  # so many that it doesn't matter when a table grows
            ask(number)
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0] - taken
    finally:
        tracemalloc.stop()
    assert taken <= store.size - reckoned
