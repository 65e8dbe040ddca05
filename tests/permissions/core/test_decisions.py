"""The table of decisions, row by row, and that no rule is missing from it."""

from datetime import UTC, datetime, timedelta

import pytest

from permissions.core.decision import Decision, Request, decide, decide_actions, decide_catalog
from permissions.core.policy import Rule
from tests.permissions.core.cast import ORGANIZATIONS, SITE_VERSION, facts
from tests.permissions.core.tables import rows

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CASES = rows("decisions.md", "rule")
RULES = (
    *("C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C9"),
    *("O0", "O1", "O2", "O3", "O4", "O5"),
    *("D1", "D2", "D3", "D4", "D5", "D6", "D7", "D7a", "D8", "D9", "D10", "D11", "D12", "D13"),
    *("D14", "D15", "D16"),
)


def _decide(case: dict[str, str], now: datetime) -> Decision:
    who, at, naming, does, image = (case[k] for k in ("who", "at", "naming", "does", "image"))
    if does == "catalog":
        return decide_catalog(facts(who, at, naming, actions=("catalog",)), now)
    if does == "pull with push":
        both = ("pull", "push")
        return decide_actions(facts(who, at, naming, image, both), image, both, now)["pull"]
    return decide(facts(who, at, naming, image, (does,)), Request(image, does), now)


@pytest.mark.parametrize(
    "case", CASES, ids=lambda c: f"{c['rule']} {c['who']} {c['does']} {c['image'][:40]}"
)
def test_decision(case: dict[str, str]) -> None:
    decision = _decide(case, NOW)
    answered = (
        "allow" if decision.allowed else "deny",
        decision.rule,
        decision.category or "-",
        decision.organization or "-",
    )
    assert answered == (case["answer"], case["because"], case["category"], case["decided by"])
    assert _decide(case, NOW + timedelta(days=9)) == decision  # D15
    _is_well_formed(decision)


def _is_well_formed(decision: Decision) -> None:
    assert decision.site_version == SITE_VERSION
    assert decision.allowed is decision.rule.allows
    assert decision.reason.isascii()
    assert decision.reason.isprintable()
    assert decision.reason.endswith(".")
    assert decision.allowed or decision.reason.count(". ") or ":" in decision.reason
    assert (decision.organization is None) is (decision.organizations == ())
    for each in decision.organizations:
        assert each.policy_version == ORGANIZATIONS[each.organization].policy_version
        assert each.allowed or each.reason in decision.reason


def test_the_table_is_complete() -> None:
    answers = {(case["rule"], case["answer"]) for case in CASES}
    assert answers == {(rule, answer) for rule in RULES for answer in ("allow", "deny")}
    assert {case["because"] for case in CASES} == set(Rule)
    assert len(CASES) >= 150


def test_no_case_stands_twice_under_a_rule() -> None:
    seen = [tuple(case.values()) for case in CASES]
    assert len(seen) == len(set(seen))
