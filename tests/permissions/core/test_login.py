"""The table of sign-ins."""

from dataclasses import replace

import pytest

from permissions.core.login import LoginDecision, decide_login, only_for_members
from permissions.core.policy import Rule
from tests.permissions.core.cast import REGISTRIES, subject
from tests.permissions.core.tables import rows


@pytest.mark.parametrize("case", rows("logins.md", "who"), ids=lambda c: f"{c['who']} {c['at']}")
def test_login(case: dict[str, str]) -> None:
    at, _, more = case["at"].partition(" ")
    registry = REGISTRIES[at]
    if more == "members only":
        registry = replace(registry, requires_membership=True)
    if more == "anonymous pulls":
        registry = replace(registry, anonymous_pulls=True)
    assert decide_login(subject(case["who"]), registry) == LoginDecision(
        case["answer"] == "allow", Rule(case["because"]), case["sentence"]
    )


def test_whom_to_ask_where_several_may_let_somebody_in() -> None:
    assert only_for_members("acme or globex", of_several=True) == (
        "Sign-in is only for members of acme or globex. Ask one of their owners for an invitation, "
        "or sign in with another account."
    )
