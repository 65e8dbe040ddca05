"""Blocks and exceptions: how they are written, what may be entered, and how they are found (D7)."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permissions.core.own_rules import (
    EVERYONE,
    MAX_REASON_LENGTH,
    MAX_TARGET_LENGTH,
    Audience,
    AudienceKind,
    Effect,
    InvalidTarget,
    OwnRule,
    OwnRules,
    format_target,
    parse_target,
    rule_problem,
    targets_of,
)
from permissions.core.policy import Category, Namespace
from permissions.core.reference import ImageReference, Repository, fold, parse
from tests.permissions.core.strategies import references, steady, texts
from tests.permissions.core.tables import rows

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
MIRRORS = frozenset({"mirror.example", "mirror.example:8443"})
NAMESPACES = frozenset({Namespace("docker.io", "acme"), Namespace("docker.io", "tools/acme")})
READ = rows("own_rules.md", "target")
REFUSED = rows("own_rules.md", "refused")
ENTERED = rows("own_rules.md", "effect")


@pytest.mark.parametrize("case", READ, ids=lambda c: c["target"])
def test_targets_as_owners_type_them(case: dict[str, str]) -> None:
    target = parse_target(case["target"], MIRRORS)
    kinds = {Repository: "repository", Namespace: "namespace", Category: "category"}
    assert (kinds[type(target)], format_target(target)) == (case["kind"], case["stored as"])
    assert parse_target(case["stored as"]) == target


@pytest.mark.parametrize("case", REFUSED, ids=lambda c: c["why"])
def test_targets_that_are_none(case: dict[str, str]) -> None:
    with pytest.raises(InvalidTarget) as refusal:
        parse_target(case["refused"], MIRRORS)
    sentence = str(refusal.value)
    assert case["part"] in sentence
    assert sentence.isascii()
    assert sentence.isprintable()
    assert sentence.endswith(".")


def test_the_next_end_is_that_of_the_rule_that_ends_first_from_now_on() -> None:
    def rule(number: int, ends_at: datetime | None) -> OwnRule:
        target = parse_target(f"acme/app{number}", MIRRORS)
        return OwnRule(number, Effect.BLOCK, target, EVERYONE, ends_at=ends_at)

    last = LATER + timedelta(days=1)
    rules = OwnRules(tuple(map(rule, range(4), [last, None, NOW, LATER])))
    before = NOW - timedelta(microseconds=1)
    assert [rules.next_end(at) for at in (before, NOW, LATER, last)] == [NOW, LATER, last, None]
    assert OwnRules((rule(0, None),)).next_end(NOW) is None


def _audience(text: str) -> Audience:
    kind, _, name = text.partition(" ")
    return {"team": Audience.team(name), "user": Audience.user(name)}.get(kind, EVERYONE)


@pytest.mark.parametrize("case", ENTERED, ids=lambda c: " ".join(c.values())[:70])
def test_what_may_be_entered(case: dict[str, str]) -> None:
    end = None if case["ends"] == "-" else NOW + timedelta(hours=int(case["ends"]))
    effect, target = Effect(case["effect"]), parse_target(case["on"])
    rule = OwnRule(1, effect, target, _audience(case["for"]), end, case["reason"])
    problem = rule_problem(rule, NAMESPACES, NOW)
    if case["problem"] == "-":
        assert problem is None
    else:
        assert problem == case["problem"]


@pytest.mark.parametrize("kind", ["team", "user"])
def test_an_audience_has_a_name(kind: str) -> None:
    rule = OwnRule(1, Effect.BLOCK, Category.OFFICIAL, Audience(AudienceKind(kind)))
    problem = f"The rule is for a {kind} without a name: name one."
    assert rule_problem(rule, NAMESPACES, NOW) == problem


def test_a_rule_needs_no_audience_end_or_reason() -> None:
    rule = OwnRule(1, Effect.BLOCK, Category.OFFICIAL)
    assert (rule.audience, rule.ends_at, rule.reason, rule.end) == (EVERYONE, None, "", "")
    assert EVERYONE.name == ""


def test_the_limits_themselves_are_allowed() -> None:
    host = "h" * (MAX_TARGET_LENGTH - len(".example/app")) + ".example"
    assert format_target(parse_target(f"{host}/app")) == f"{host}/app"
    with pytest.raises(InvalidTarget, match="513 characters long: at most 512"):
        parse_target(f"h{host}/app")
    with pytest.raises(InvalidTarget, match="516 characters long: at most 512"):
        parse_target("H" * (MAX_TARGET_LENGTH - len("/app")) + "/app")  # stored with a port
    reason = "r" * MAX_REASON_LENGTH
    assert (
        rule_problem(OwnRule(1, Effect.BLOCK, Category.OFFICIAL, reason=reason), NAMESPACES, NOW)
        is None
    )


def test_an_end_needs_a_time_zone() -> None:
    with pytest.raises(ValueError, match=r"^The end of a rule needs a time zone\.$"):
        OwnRule(1, Effect.BLOCK, Category.OFFICIAL, ends_at=NOW.replace(tzinfo=None))


def test_a_rule_is_in_force_until_just_before_its_end() -> None:
    rule = OwnRule(1, Effect.BLOCK, Category.OFFICIAL, ends_at=NOW)
    assert rule.in_force(NOW - timedelta(microseconds=1))
    assert not rule.in_force(NOW)
    assert not rule.in_force(LATER)
    assert OwnRule(1, Effect.BLOCK, Category.OFFICIAL).in_force(LATER)


def test_audiences_in_words() -> None:
    named = [EVERYONE, Audience.team("research"), Audience.user("mel")]
    assert [str(audience) for audience in named] == ["everyone", "team research", "user mel"]


def _found(*rules: OwnRule, now: datetime = NOW, audiences: tuple[Audience, ...] = ()) -> object:
    targets = targets_of(Repository("docker.io", "randomdev/tools/cli"), Category.COMMUNITY)
    found = OwnRules(rules).find(Effect.BLOCK, targets, audiences or (EVERYONE,), now)
    return found and found.id


def _block(
    id: int, target: str, audience: Audience = EVERYONE, end: datetime | None = None
) -> OwnRule:
    return OwnRule(id, Effect.BLOCK, parse_target(target), audience, end)


def test_the_narrowest_target_is_named_then_the_narrowest_audience() -> None:
    mel, research = Audience.user("mel"), Audience.team("research")
    reader = (mel, research, EVERYONE)
    ordered = [
        _block(1, "randomdev/tools/cli", EVERYONE),
        _block(2, "randomdev/tools/cli/*", mel),
        _block(3, "randomdev/tools/*", EVERYONE),
        _block(4, "randomdev/*", mel),
        _block(5, "randomdev/*", research),
        _block(6, "randomdev/*", EVERYONE),
        _block(7, "community", mel),
    ]
    for place in range(len(ordered)):
        rest = ordered[place:]
        assert _found(*rest, audiences=reader) == ordered[place].id
        assert _found(*reversed(rest), audiences=reader) == ordered[place].id


@pytest.mark.parametrize(
    "target",
    [
        "randomdev/tools",
        "randomdev/tools/cl",
        "randomdev/tools/cli2",
        "randomdev/tool/*",
        "randomdev/tools/cli/deep/*",
        "ghcr.io/randomdev/*",
        "ghcr.io/randomdev/tools/cli",
        "official",
    ],
)
def test_other_targets_are_not_found(target: str) -> None:
    assert _found(_block(1, target)) is None


def test_rules_for_others_and_other_effects_are_not_found() -> None:
    target = parse_target("community")
    assert _found(_block(1, "community", Audience.team("mel"))) is None
    assert _found(_block(1, "community"), audiences=(Audience.user("mel"),)) is None
    assert _found(OwnRule(1, Effect.EXCEPTION, target)) is None
    assert _found() is None


def test_of_rules_alike_the_longest_counts() -> None:
    ended, until_later = _block(1, "community", end=NOW), _block(2, "community", end=LATER)
    also_later, forever = _block(3, "community", end=LATER), _block(4, "community")
    assert _found(ended, until_later) == _found(until_later, ended) == 2
    assert _found(until_later, also_later) == 2
    assert _found(forever, until_later) == _found(until_later, forever) == 4
    assert _found(forever, _block(5, "community")) == 4
    assert _found(ended, until_later, now=LATER) is None


def test_an_ended_rule_does_not_hide_a_wider_one() -> None:
    mel = Audience.user("mel")
    rules = (
        _block(1, "randomdev/tools/cli", end=NOW),
        _block(2, "community", mel, NOW),
        _block(3, "community"),
    )
    assert _found(*rules, audiences=(mel, EVERYONE)) == 3


def test_rules_are_equal_by_what_they_are() -> None:
    rules = (_block(1, "community"),)
    assert OwnRules(rules) == OwnRules(rules) != OwnRules()
    assert len({OwnRules(rules), OwnRules(rules), OwnRules()}) == 2
    assert OwnRules(cast("tuple[OwnRule, ...]", iter(rules))).rules == rules
    assert repr(OwnRules()) == "OwnRules(rules=())"


def test_whether_there_are_rules_of_an_effect_on_a_target() -> None:
    ended = OwnRules((_block(1, "community", end=NOW),))
    assert ended.has(Effect.BLOCK, ["docker.io/a/b", "community"])
    assert not ended.has(Effect.BLOCK, ["docker.io/a/b", "official"])
    assert not ended.has(Effect.EXCEPTION, ["community"])
    assert not OwnRules().has(Effect.BLOCK, ["community"])


@steady
@given(texts, st.sampled_from(["", "/*"]))
def test_no_text_raises_anything_else(text: str, below: str) -> None:
    with suppress(InvalidTarget):
        target = parse_target(text + below, MIRRORS)
        assert parse_target(format_target(target)) == target
        assert parse_target(format_target(target), MIRRORS) == target


@steady
@given(references, references)
def test_a_target_read_from_a_reference_is_found_for_just_that_repository(
    image: str, other: str
) -> None:
    read = parse(image)
    target = parse_target(str(ImageReference(read.host, read.path)))
    rules = OwnRules((OwnRule(1, Effect.BLOCK, target),))

    def found(repository: Repository) -> bool:
        targets = targets_of(repository, Category.COMMUNITY)
        return rules.find(Effect.BLOCK, targets, (EVERYONE,), NOW) is not None

    assert found(fold(read))
    assert found(fold(parse(other))) is (fold(parse(other)) == fold(read))
