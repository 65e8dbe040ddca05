"""The table of sign-ins."""

from dataclasses import replace

import pytest

from permissions.core.login import LoginDecision, decide_login
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
