"""What a request does beside answering, it does once: also if its answer is made anew."""

import uuid
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import httpx
import pytest
from limits import RateLimitItemPerMinute

from orgs import verified_passwords
from orgs.models import RefreshToken
from orgs.secrets import SecretKind, new_secret, secret_digest
from permissions.snapshots.memory import store
from registries import angos, authzen, credentials, refresh, token, token_request
from registries.authzen import EVALUATION
from registries.http import Request
from tests.conftest import _env_file
from tests.served import read_env
from tests.snapshots.test_steady_state import evaluation

LIMIT = 3


@pytest.fixture(autouse=True)
def overtaken(live: None, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Lets something about Mel change while the first answer to a request is made. Grows with each
    answer that is made."""
    made: list[str] = []

    def read(request: Request, now: Any) -> token_request.Wanted:
        made.append(request.method)
        try:
            return token_request.read(request, now)
        finally:
            if len(made) % 2:
                store.forget(("user", "mel"))

    monkeypatch.setattr(token, "read", read)
    return made


@pytest.fixture(autouse=True)
def _few_guesses(monkeypatch: pytest.MonkeyPatch) -> None:
    few = RateLimitItemPerMinute(LIMIT, namespace=uuid.uuid4().hex)
    monkeypatch.setattr(credentials, "PASSWORDS_OF_USER", few)
    monkeypatch.setattr(refresh, "WRONG_REFRESH_TOKENS_FROM_ADDRESS", few)
    monkeypatch.setattr(authzen, "UNKNOWN_SUBJECTS", few)
    monkeypatch.setattr(angos, "UNKNOWN_SUBJECTS", few)


@pytest.fixture
def password(live: None) -> Iterator[str]:
    verified_passwords.forget_all()
    yield read_env(_env_file())["DEMO_PASSWORD"]
    RefreshToken.objects.all().delete()


def test_a_wrong_password_counts_once(client: httpx.Client, overtaken: list[str]) -> None:
    guess = ("mel", "not-the-password")
    answers = [
        client.get("/auth/token?service=acme", auth=guess).status_code for _ in range(LIMIT + 1)
    ]
    assert answers == [401] * LIMIT + [429]
    assert len(overtaken) >= 2 * LIMIT


def test_a_dead_sign_in_counts_once(client: httpx.Client, overtaken: list[str]) -> None:
    form = {"grant_type": "refresh_token", "service": "acme"}
    answers = [
        client.post(
            "/auth/token", data=form | {"refresh_token": new_secret(SecretKind.REFRESH)}
        ).status_code
        for _ in range(LIMIT + 1)
    ]
    assert answers == [401] * LIMIT + [429]
    assert len(overtaken) >= 2 * LIMIT


@pytest.mark.parametrize(
    ("module", "deciding", "question"),
    [
        (
            authzen,
            "authorize",
            {"method": "POST", "url": EVALUATION, "json": evaluation("stranger", "alpine")},
        ),
        (
            angos,
            "decided",
            {
                "method": "GET",
                "url": "/authz/angos",
                "headers": {
                    "X-Registry-Action": "get-manifest",
                    "X-Registry-Namespace": "library/alpine",
                    "X-Registry-Username": "stranger",
                },
            },
        ),
    ],
    ids=["authzen", "angos"],
)
def test_a_guess_at_a_name_counts_once(
    client: httpx.Client,
    monkeypatch: pytest.MonkeyPatch,
    module: ModuleType,
    deciding: str,
    question: dict[str, Any],
) -> None:
    secret = read_env(_env_file())["ACME_REGISTRY_TOKEN"]
    decide, made = getattr(module, deciding), []

    def overtaken(*asked: Any) -> Any:
        made.append(asked)
        try:
            return decide(*asked)
        finally:
            if len(made) % 2:
                store.forget(("registry_secret", secret_digest(secret)))

    monkeypatch.setattr(module, deciding, overtaken)
    client.headers["Authorization"] = f"Bearer {secret}"
    told = [client.request(**question).text for _ in range(LIMIT + 1)]
    assert ["Too many" in one for one in told] == [False] * LIMIT + [True]
    assert len(made) >= 2 * LIMIT


def test_a_sign_in_leaves_the_one_refresh_token_that_it_gave(
    client: httpx.Client, overtaken: list[str], password: str
) -> None:
    wish = {"service": "acme", "offline_token": "true"}
    answer = client.get("/auth/token", params=wish, auth=("mel", password))
    assert answer.status_code == 200, answer.text
    assert len(overtaken) == 2
    kept = RefreshToken.objects.get()
    assert kept.digest == secret_digest(answer.json()["refresh_token"])
