"""Asking the core and the reference model the same questions; a difference is an AssertionError."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from permissions.core.decision import Decision, Request, decide, decide_actions, decide_catalog
from permissions.core.explain import Explanation, Step, explain, explain_catalog
from permissions.core.policy import Rule
from permissions.core.rules import (
    AFTERWARDS,
    BEFORE_ANY_ORGANIZATION,
    OTHER_ACTIONS,
    PULL,
    WHOLE_REGISTRY,
)
from tests.permissions.core.random_cases import RandomCase
from tests.permissions.core.reference_model import Verdict, of_catalog, pull_with_push, verdicts

Place = tuple[str, int]
"""A row of a table: the table's name, and the place in it."""

TABLES = {
    "before any organization": BEFORE_ANY_ORGANIZATION,
    "pull": PULL,
    "other actions": OTHER_ACTIONS,
    "afterwards": AFTERWARDS,
    "whole registry": WHOLE_REGISTRY,
}
EVERY_PLACE: frozenset[Place] = frozenset(
    (name, place) for name, table in TABLES.items() for place in range(len(table))
)


def compare(cases: Iterable[RandomCase]) -> tuple[Counter[Rule], Counter[Place]]:
    """Compare every case; returns how often each rule answered and each row of a table matched."""
    rules: Counter[Rule] = Counter()
    places: Counter[Place] = Counter()
    for case in cases:
        request = Request(case.image, case.action)
        explained = explain(case.facts, request, case.now)
        decision = decide(case.facts, request, case.now)
        said = verdicts(case.facts, case.image, case.action, case.now)
        _same(decision, said, case)
        _explains(explained, decision, case)
        _same_together(case)
        places.update(_places(explained, case.action))
        places.update(_compare_catalog(case))
        rules.update([decision.rule, *(each.rule for each in decision.organizations)])
    return rules, places


def _same(decision: Decision, said: list[Verdict], case: RandomCase) -> None:
    """Compare all but the sentences: the top is the first verdict that denies, else the first."""
    top = next((verdict for verdict in said if not verdict.allowed), said[0])
    assert decision.allowed is top.allowed, case
    assert (decision.rule, decision.category) == (top.rule, top.category), case
    assert decision.organization == top.organization, case
    assert decision.classified_as == top.repository, case
    assert decision.catalog_entry == top.entry, case
    assert decision.would_have == top.would_have, case
    assert _named(decision.own_rule, top), case
    by_organization = said if top.organization else []
    for each, verdict in zip(decision.organizations, by_organization, strict=True):
        assert (each.organization, each.allowed) == (verdict.organization, verdict.allowed), case
        assert (each.rule, each.category) == (verdict.rule, verdict.category), case
        assert each.would_have == verdict.would_have, case
        assert _named(each.own_rule, verdict), case


def _named(own_rule: int | str | None, verdict: Verdict) -> bool:
    return own_rule in verdict.own_rules if verdict.own_rules else own_rule is None


def _explains(explained: Explanation, decision: Decision, case: RandomCase) -> None:
    assert explained.decision == decision, case
    told = [(each.organization, each.rule) for each in explained.organizations]
    assert told == [(each.organization, each.rule) for each in decision.organizations], case
    if not told:
        assert _matched(explained.steps)[-1][1].rule is decision.rule, case


def _same_together(case: RandomCase) -> None:
    """Compare a pull that is asked together with a push (D13)."""
    together = decide_actions(case.facts, case.image, ("pull", "push"), case.now)
    _same(together["pull"], pull_with_push(case.facts, case.image, case.now), case)
    _same(together["push"], verdicts(case.facts, case.image, "push", case.now), case)


def _compare_catalog(case: RandomCase) -> set[Place]:
    facts = replace(case.facts, namespace_owner=None)  # a catalogue lies in no namespace
    decision, said = decide_catalog(facts, case.now), of_catalog(facts)
    assert (decision.rule, decision.allowed) == (said.rule, said.allowed), case
    assert decision.organization == said.organization, case
    explained = explain_catalog(facts, case.now)
    assert explained.decision == decision, case
    return {("whole registry", place) for place, _ in _matched(explained.steps)}


def _matched(steps: tuple[Step, ...]) -> list[tuple[int, Step]]:
    return [(place, step) for place, step in enumerate(steps) if step.matched]


def _places(explained: Explanation, action: str) -> set[Place]:
    table = "pull" if action == "pull" else "other actions"
    walked = [("before any organization", explained.steps)]
    walked += [(table, each.steps) for each in explained.organizations]
    found: set[Place] = set()
    for name, steps in walked:
        for place, _ in _matched(steps):
            beyond = place - len(TABLES[name])
            found.add((name, place) if beyond < 0 else ("afterwards", beyond))
    return found
