"""Microseconds for one decision, and for reading a reference: `python -m bench.decide`.

Where Casbin is installed (script/bench does that), the same policy is asked of it in the same run,
after both have answered the same questions alike. Casbin is spared reading the image and finding
its category: it is handed both. Times are processor time, the best of several rounds.
"""

import argparse
import importlib.util
import json
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.plot import bars
from permissions.core.catalog import Catalog, CatalogEntry, CatalogKind
from permissions.core.decision import Request, decide
from permissions.core.explain import explain
from permissions.core.facts import Facts, OrganizationFacts, Standing, Subject
from permissions.core.own_rules import Effect, OwnRule, OwnRules, parse_target
from permissions.core.policy import Namespace, Plan, Policy, Rule, SubjectKind
from permissions.core.reference import InvalidReference, parse

RESULTS = Path(__file__).parent / "results"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
MANY = 5_000
ROUNDS = 5
SECONDS_A_ROUND = 0.3

QUESTIONS = {
    "allow by D6, an own image": ("docker.io/acme/app:1.2", Rule.ORGANIZATION_IMAGE),
    "deny by D10, a community image": ("docker.io/randomdev/tool:1.2", Rule.COMMUNITY_RESTRICTED),
    "deny by D7, a blocked image": (f"docker.io/blocked{MANY // 2}/tool:1", Rule.BLOCKED),
}
DIGEST = f"ghcr.io/acme/team/app:1.2@sha256:{'a' * 64}"
JUNK = "a/" * 5_000_000


@dataclass(frozen=True)
class Measured:
    """One line of the table."""

    what: str
    who: str
    own_rules: int
    microseconds: float


def facts(own_rules: int) -> Facts:
    """A member of an organization that restricts, with as many blocks on other people's images."""
    rules = (
        OwnRule(number, Effect.BLOCK, parse_target(f"docker.io/blocked{number}/*"))
        for number in range(own_rules)
    )
    acme = OrganizationFacts(
        name="acme",
        policy_version=7,
        plan=Plan.BUSINESS,
        policy=Policy(True, True, True),
        namespaces=frozenset({Namespace("docker.io", "acme")}),
        own_rules=OwnRules(tuple(rules)),
    )
    return Facts(
        subject=Subject(SubjectKind.USER, "mel", True, {"acme": Standing(False, False)}),
        registry=None,
        named="acme",
        organizations={"acme": acme},
        namespace_owner=None,
        site_mirrors=frozenset(),
        catalog=Catalog((CatalogEntry("grafana", CatalogKind.VERIFIED_PUBLISHER, "Grafana"),)),
        site_version=1,
    )


def main() -> None:
    """Measure, print a table, and keep it as JSON and as a plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args().rounds
    measured = [*_references(rounds), *_decisions(rounds), *_casbin(rounds)]
    print(f"{'what':40}{'by':>10}{'own rules':>11}{'microseconds':>14}")
    for each in measured:
        print(f"{each.what:40}{each.who:>10}{each.own_rules:>11,}{each.microseconds:>14,.2f}")
    RESULTS.mkdir(exist_ok=True)
    kept = {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "rounds": rounds,
        "lines": [vars(each) for each in measured],
    }
    (RESULTS / "decide.json").write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    plotted = [(f"{m.what}, {m.own_rules:,} rules, {m.who}", m.microseconds) for m in measured]
    (RESULTS / "decide.svg").write_text(bars("microseconds", plotted), encoding="utf-8")


def _references(rounds: int) -> list[Measured]:
    def refuse() -> None:
        try:
            parse(JUNK)
        except InvalidReference:
            return
        raise AssertionError

    texts = {"read a familiar name": "nginx", "read host, path, tag and digest": DIGEST}
    lines = [
        Measured(what, "core", 0, _time(lambda text=text: parse(text), rounds))  # type: ignore[misc]
        for what, text in texts.items()
    ]
    return [*lines, Measured("refuse 10 MB", "core", 0, _time(refuse, rounds))]


def _decisions(rounds: int) -> list[Measured]:
    lines = []
    for own_rules in (0, MANY):
        known = facts(own_rules)
        for what, (image, rule) in QUESTIONS.items():
            if own_rules or rule is not Rule.BLOCKED:
                request = Request(image)
                assert decide(known, request, NOW).rule is rule
                spent = _time(lambda k=known, r=request: decide(k, r, NOW), rounds)  # type: ignore[misc]
                lines.append(Measured(what, "core", own_rules, spent))
        request = Request(QUESTIONS["deny by D10, a community image"][0])
        spent = _time(lambda k=known, r=request: explain(k, r, NOW), rounds)  # type: ignore[misc]
        lines.append(Measured("explain the denial by D10", "core", own_rules, spent))
    return lines


def _casbin(rounds: int) -> list[Measured]:
    if importlib.util.find_spec("casbin") is None:
        print("Casbin is not installed: run script/bench to measure it too.\n")
        return []
    from bench.casbin_policy import enforcer

    lines = []
    for own_rules in (0, MANY):
        known, policy = facts(own_rules), enforcer(own_rules)
        for what, (image, rule) in QUESTIONS.items():
            if own_rules or rule is not Rule.BLOCKED:
                decision = decide(known, Request(image), NOW)
                asked = ("mel", decision.classified_as, str(decision.category))
                assert policy.enforce(*asked) is decision.allowed
                spent = _time(lambda p=policy, a=asked: p.enforce(*a), rounds)  # type: ignore[misc]
                lines.append(Measured(what, "Casbin", own_rules, spent))
    return lines


def _time(work: Callable[[], object], rounds: int) -> float:
    """Return the microseconds that one call takes in the best round."""
    times, began = 0, time.process_time()
    while time.process_time() - began < SECONDS_A_ROUND / 3 or times == 0:
        work()
        times += 1
    times *= 3
    best = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        for _ in range(times):
            work()
        best = min(best, (time.process_time() - began) / times)
    return best * 1e6


if __name__ == "__main__":
    main()
