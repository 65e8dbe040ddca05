"""Microseconds for one decision, and for reading a reference: `python -m bench.decide`.

Where the Python bindings of policy engines are installed (script/bench does that), the same policy
is asked of them in the same run, after all have answered the same questions alike. They are spared
reading the image and finding its category: they are handed both. Times are processor time, the best
of several rounds.
"""

import argparse
import importlib
import importlib.util
import json
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle
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
FORGOTTEN = 20_000

QUESTIONS = {
    "allow by D6, an own image": ("docker.io/acme/app:1.2", Rule.ORGANIZATION_IMAGE),
    "deny by D10, a community image": ("docker.io/randomdev/tool:1.2", Rule.COMMUNITY_RESTRICTED),
    "deny by D7, a blocked image": (f"docker.io/blocked{MANY // 2}/tool:1", Rule.BLOCKED),
}
DIGEST = f"ghcr.io/acme/team/app:1.2@sha256:{'a' * 64}"
JUNK = "a/" * 5_000_000
ENGINES = {"Casbin": "casbin", "Cedar": "cedarpy", "Rego": "regopy"}
"""Policy engines and the packages of their Python bindings; Rego is the language of OPA."""


@dataclass(frozen=True)
class Measured:
    """One line of the table."""

    what: str
    who: str
    own_rules: int
    microseconds: float


def facts(own_rules: int) -> Facts:
    """A member of an organization that restricts, with so many blocks on others' images, and as
    many verified publishers in the catalogue beside them."""
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
        catalog=Catalog(
            tuple(
                CatalogEntry(f"publisher{number}", CatalogKind.VERIFIED_PUBLISHER, "A publisher")
                for number in range(max(own_rules, 1))
            )
        ),
        site_version=1,
    )


def main() -> None:
    """Measure, print a table, and keep it as JSON and as a plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args().rounds
    measured = [*_references(rounds), *_decisions(rounds), *_engines(rounds)]
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
    lines = []
    for what, text in texts.items():
        # More than are remembered, so that each is read anew.
        others = cycle([f"{text[:-6]}{number:06}" for number in range(FORGOTTEN)])
        again = _time(lambda text=text: parse(text), rounds)  # type: ignore[misc]
        lines += [
            Measured(what, "core", 0, _time(lambda others=others: parse(next(others)), rounds)),  # type: ignore[misc]
            Measured(f"{what}, again", "core", 0, again),
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
        image = QUESTIONS["deny by D10, a community image"][0]
        others = cycle([Request(f"{image}-{number}") for number in range(FORGOTTEN)])
        spent = _time(lambda k=known, o=others: decide(k, next(o), NOW), rounds)  # type: ignore[misc]
        lines.append(Measured("deny by D10, an image not seen before", "core", own_rules, spent))
        request = Request(image)
        spent = _time(lambda k=known, r=request: explain(k, r, NOW), rounds)  # type: ignore[misc]
        lines.append(Measured("explain the denial by D10", "core", own_rules, spent))
    return lines


def _engines(rounds: int) -> list[Measured]:
    lines = []
    for who, module in ENGINES.items():
        if importlib.util.find_spec(module) is None:
            print(f"{who} is not installed: run script/bench to measure it too.\n")
            continue
        policy = importlib.import_module(f"bench.{who.lower()}_policy")
        for own_rules in (0, MANY):
            lines += _engine(who, policy.decider(own_rules), own_rules, rounds)
    return lines


def _engine(
    who: str, allows: Callable[[str, str], bool], own_rules: int, rounds: int
) -> list[Measured]:
    lines = []
    known = facts(own_rules)
    for what, (image, rule) in QUESTIONS.items():
        if own_rules or rule is not Rule.BLOCKED:
            decision = decide(known, Request(image), NOW)
            asked = (decision.classified_as or "", str(decision.category))
            assert allows(*asked) is decision.allowed
            lines.append(
                Measured(what, who, own_rules, _time(lambda a=asked: allows(*a), rounds))  # type: ignore[misc]
            )
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
