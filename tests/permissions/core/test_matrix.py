"""Every category, role, mode and setting, and one own rule of every kind at a time."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import pytest

from permissions.core.decision import Request, decide
from permissions.core.facts import Facts, Standing, Subject
from permissions.core.own_rules import Effect, OwnRule, OwnRules, parse_target
from permissions.core.policy import Category, Mode, Plan, Policy, Rule, SubjectKind
from tests.permissions.core.cast import ORGANIZATIONS, audience, facts
from tests.permissions.core.tables import rows

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SETTINGS = rows("matrix.md", "plan")
OWN_RULES = rows("matrix.md", "effect")
ROLES = [row["role"] for row in rows("matrix.md", "role")]
ANSWERS = {row["answer"]: row["rules"].split() for row in rows("matrix.md", "answer")}
IMAGES = {
    Category.ORGANIZATION: "acme/app",
    Category.OFFICIAL: "nginx",
    Category.VERIFIED_PUBLISHER: "grafana/loki",
    Category.COMMUNITY: "randomdev/tool",
}
WHO = {
    "owner": ("olivia", "acme-mirror"),
    "member": ("mel", "acme-mirror"),
    "outsider": ("ivan", "acme-mirror"),
    "token": ("acme-token", "acme-mirror"),
    "other token": ("globex-token", "acme-mirror"),
    "deactivated": ("dora", "acme-mirror"),
    "anonymous": ("anonymous", "acme-mirror"),
    "ungoverned": ("nina", "hub"),
}
MEMBERS = {
    "owner": Subject(SubjectKind.USER, "olivia", True, {"acme": Standing(True, False)}),
    "researcher": Subject(
        SubjectKind.USER, "rosa", True, {"acme": Standing(False, False, frozenset({"research"}))}
    ),
    "mel": Subject(SubjectKind.USER, "mel", True, {"acme": Standing(False, False)}),
    "member": Subject(SubjectKind.USER, "max", True, {"acme": Standing(False, False)}),
    "token": Subject(SubjectKind.TOKEN, "mel", True, {"acme": Standing(False, False)}),
}


def _with(known: Facts, plan: Plan, policy: Policy, *own_rules: OwnRule) -> Facts:
    acme = replace(ORGANIZATIONS["acme"], plan=plan, policy=policy, own_rules=OwnRules(own_rules))
    return replace(known, organizations={"acme": acme})


@pytest.mark.parametrize("case", SETTINGS, ids=lambda c: " ".join(list(c.values())[:6]))
def test_settings(case: dict[str, str]) -> None:
    policy = Policy(
        enabled=case["restrictions"] == "on",
        allow_official_images=case["official images"] == "yes",
        allow_verified_publishers=case["verified publishers"] == "yes",
        mode=Mode(case["mode"]),
    )
    known = _with(facts(*WHO[case["who"]]), Plan(case["plan"]), policy)
    decided = {category: decide(known, Request(IMAGES[category]), NOW) for category in Category}
    assert {category: decision.rule for category, decision in decided.items()} == {
        category: Rule(case[category]) for category in Category
    }
    for category, decision in decided.items():
        assert decision.category in {category, None}
        assert (decision.would_have is not None) is (decision.rule is Rule.MONITORED)


@pytest.mark.parametrize("case", OWN_RULES, ids=lambda c: " ".join(list(c.values())[:5]))
def test_one_own_rule(case: dict[str, str]) -> None:
    rule = OwnRule(
        "the-one", Effect(case["effect"]), parse_target(case["on"]), audience(case["for"])
    )
    policy = Policy(True, True, False, Mode(case["mode"]))
    known = _with(facts("mel", "acme-mirror"), Plan.BUSINESS, policy, rule)
    for role, subject in MEMBERS.items():
        decision = decide(replace(known, subject=subject), Request(case["image"]), NOW)
        assert decision.rule == case[role], role
        by_own = {decision.rule, decision.would_have} & {Rule.BLOCKED, Rule.EXCEPTION}
        assert decision.own_rule == ("the-one" if by_own else None)


def test_every_rule_is_an_answer() -> None:
    assert {rule for rule in Rule if rule.allows} == set(map(Rule, ANSWERS["allow"]))
    assert {rule for rule in Rule if not rule.allows} == set(map(Rule, ANSWERS["deny"]))


def test_the_tables_are_complete() -> None:
    yes_no = ("yes", "no")
    keys = ("plan", "restrictions", "mode", "official images", "verified publishers", "who")
    settings = {tuple(case[key] for key in keys) for case in SETTINGS}
    in_force = set(product(["business"], ["on"], Mode, yes_no, yes_no, ROLES))
    lifted = {
        state
        for state in product(Plan, ["on", "off"], Mode, ["no"], ["no"], ROLES)
        if state[:2] != ("business", "on")
    }
    assert settings == in_force | lifted
    assert len(settings) == len(SETTINGS)
    rules = {tuple(case[key] for key in ("effect", "for", "mode")) for case in OWN_RULES}
    assert rules == set(product(Effect, ["everyone", "team research", "user mel"], Mode))
