"""Names that nobody has, many in one request: looked up together, and never remembered."""

from typing import Any

import httpx
import pytest

from permissions.snapshots.memory import store
from tests.conftest import _env_file
from tests.served import read_env

STRANGERS = [f"stranger-{number}" for number in range(40)]


@pytest.fixture
def ask(client: httpx.Client) -> Any:
    """Asks as a registry of the whole site; the decisions."""
    secret = read_env(_env_file())["SITE_REGISTRY_TOKEN"]

    def post(*items: dict[str, Any]) -> list[bool]:
        answer = client.post(
            "/access/v1/evaluations",
            json={"action": {"name": "sign_in"}, "evaluations": items},
            headers={"Authorization": f"Bearer {secret}"},
        )
        assert answer.status_code == 200, answer.text
        return [item["decision"] for item in answer.json()["evaluations"]]

    return post


def about(who: str, *organizations: str) -> dict[str, Any]:
    machine = {"type": "machine", "id": "m", "properties": {"allowedOrgs": organizations}}
    return {"subject": {"type": "user", "id": who}, "resource": machine}


def lookups_in(statements: list[str], table: str) -> int:
    return sum(f'FROM "{table}"' in sql for sql in statements)


def test_strangers_are_looked_up_together(ask: Any, statements: list[str]) -> None:
    ask(about("mel", "acme"))
    statements.clear()
    asked = [about(who, "acme") for who in (*STRANGERS, "mel", *STRANGERS)]
    assert ask(*asked) == [False] * 40 + [True] + [False] * 40
    assert lookups_in(statements, "orgs_user") == 1
    assert not any(store.get(("user", who)) for who in STRANGERS)


def test_organizations_that_nobody_knows_are_looked_up_together(
    ask: Any, statements: list[str]
) -> None:
    ask(about("mel", "acme"))
    statements.clear()
    assert ask(about("mel", *STRANGERS, "acme")) == [True]
    assert lookups_in(statements, "orgs_organization") == 1


def test_who_cannot_be_read_is_told_as_ever(ask: Any) -> None:
    nonsense = [{"subject": 7}, {"subject": {"type": "user"}}, {}]
    assert ask(*nonsense, about("stranger", "acme"), about("mel", "acme")) == [False] * 4 + [True]
