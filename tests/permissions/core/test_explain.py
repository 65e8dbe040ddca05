"""Explanations: the rows in order, the facts in words, and never another answer than `decide`."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given

from permissions.core.decision import Request, decide, decide_catalog
from permissions.core.explain import Explanation, Step, explain, explain_catalog
from permissions.core.facts import OrganizationFacts
from permissions.core.policy import Rule
from permissions.core.rules import AFTERWARDS, BEFORE_ANY_ORGANIZATION, OTHER_ACTIONS, PULL
from tests.permissions.core.cast import facts
from tests.permissions.core.strategies import steady, texts
from tests.permissions.core.tables import rows
from tests.permissions.core.test_properties import actions, asking, naming, registries

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CASES = rows("decisions.md", "rule")


def told(who: str, at: str, image: str, action: str = "pull", naming: str = "-") -> Explanation:
    return explain(facts(who, at, naming, image, (action,)), Request(image, action), NOW)


def _reached(steps: tuple[Step, ...]) -> list[str]:
    return [
        f"{step.number} {step.rule}{' *' if step.matched else ''}: {step.fact}"
        for step in steps
        if step.reached
    ]


def _matched(steps: tuple[Step, ...]) -> list[Rule]:
    return [step.rule for step in steps if step.matched]


def test_every_row_is_walked_until_one_matches() -> None:
    explained = told("mel", "acme-mirror", "mirror.acme.example/randomdev/tool:1")
    read = 'The image is read as "mirror.acme.example/randomdev/tool:1".'
    assert _reached(explained.steps) == [
        f"D1 invalid_reference: {read}",
        'D2 unknown_subject: The user "mel" is active.',
        'O5 not_governed: The user "mel" is active.',
        'O5 anonymous_denied: The user "mel" is active.',
        'D13 push_denied: acme decides. The action is "pull".',
        "D16 not_a_member: acme decides. The subject is of the kind user.",
        "O5 not_a_member: acme decides. Who asks here need not be a member of an organization.",
        "O5 not_governed: acme decides.",
    ]
    category = (
        '"docker.io/randomdev/tool" is of the category community to acme: it is of no other '
        "category."
    )
    publishers = "The category is community. acme allows verified publisher images."
    (acme,) = explained.organizations
    assert _reached(acme.steps) == [
        'D3 not_a_member: The user "mel" is a member of acme.',
        "D4 not_enabled: acme has the plan business.",
        "D4 not_enabled: Image Access Management of acme is on.",
        'D5 owner: The user "mel" is no owner of acme.',
        f"D6 organization_image: {category}",
        "D7 blocked: acme has no block in force that matches.",
        "D7 exception: acme has no exception in force that matches.",
        "D8 official_allowed: The category is community. acme allows official images.",
        "D8 official_restricted: The category is community. acme allows official images.",
        f"D9 verified_publisher_allowed: {publishers}",
        f"D9 verified_publisher_restricted: {publishers}",
        f"D10 community_restricted *: {category}",
        "D16 token_scope: The credential is not limited to repositories.",
        "D16 token_scope: The credential has no scope.",
        "D11 monitored: acme is in the mode enforce.",
    ]
    assert explained.facts == (
        read,
        'The action is "pull".',
        'The user "mel" is active.',
        "The registry acme-mirror of acme at mirror.acme.example, which mirrors Docker Hub, asks.",
        "acme decides.",
        "The time is 2026-01-01 00:00:00 UTC.",
        "The catalogue and the site's registries are those of version 3.",
    )
    assert acme.facts == (
        'The user "mel" is a member of acme.',
        "Teams there: none.",
        category,
        "acme has the plan business.",
        "Image Access Management of acme is on.",
        "Official images are allowed, verified publishers allowed; the mode is enforce.",
        "0 blocks and exceptions are kept.",
        "This is version 7 of its rules.",
    )


def test_what_comes_after_the_match_is_not_reached() -> None:
    (stark,) = told("happy", "stark-mirror", "ubuntu").organizations
    by_rule = {step.rule: step for step in stark.steps}
    assert by_rule[Rule.BLOCKED] == Step(
        "D7",
        Rule.BLOCKED,
        reached=True,
        matched=True,
        fact='The block 14 is in force: "docker.io/library/ubuntu" for the user happy.',
    )
    assert by_rule[Rule.EXCEPTION] == Step("D7", Rule.EXCEPTION, False, False, "")
    numbers = [*(row.number for row in PULL), *(row.number for row in AFTERWARDS)]
    assert [step.number for step in stark.steps] == numbers


@pytest.mark.parametrize("case", rows("explanations.md", "who"), ids=lambda c: c["looked at"])
def test_what_the_deciding_rule_looked_at(case: dict[str, str]) -> None:
    who, at, naming, does, image = (case[k] for k in ("who", "at", "naming", "does", "image"))
    explained = told(who, at, image, does, naming)
    tables = [explained.steps, *(each.steps for each in explained.organizations)]
    (decisive,) = [[s for s in steps if s.matched][-1] for steps in tables if _matched(steps)]
    assert (decisive.number, decisive.fact) == (case["by"], case["looked at"])


@pytest.mark.parametrize(
    ("who", "at", "number", "fact"),
    [
        ("dora", "acme-mirror", "D2", 'The user "dora" is unknown, deactivated, revoked or exp'),
        ("anonymous", "acme-mirror", "O5", "Nobody is signed in."),
        ("olivia", "hub", "D13", "An organization's own registry asks: no."),
        ("nina", "acme-mirror", "D3", 'The user "nina" is no member of acme.'),
        ("paula", "acme-mirror", "D13", 'The user "paula" is no owner of acme.'),
        ("olivia only docker.io/acme", "acme-mirror", "D16", "The credential is limited to "),
        ("olivia repo:read", "acme-mirror", "D16", "The credential's scope is repo:read."),
        ("olivia", "acme-mirror", "D13", 'The user "olivia" is an owner of acme.'),
    ],
)
def test_the_whole_registry_is_explained_too(who: str, at: str, number: str, fact: str) -> None:
    known = facts(who, at, actions=("catalog",))
    explained = explain_catalog(known, NOW)
    assert explained.decision == decide_catalog(known, NOW)
    assert explained.organizations == ()
    (matched,) = [step for step in explained.steps if step.matched]
    assert (matched.number, matched.rule) == (number, explained.decision.rule)
    assert matched.fact.startswith(fact)
    assert explained.facts[1] == 'The action is "catalog".'


def test_every_row_about_the_whole_registry_is_walked() -> None:
    explained = explain_catalog(facts("olivia", "acme-mirror", actions=("catalog",)), NOW)
    assert _reached(explained.steps) == [
        'D2 unknown_subject: The user "olivia" is active.',
        'O5 anonymous_denied: The user "olivia" is active.',
        "D13 push_denied: An organization's own registry asks: yes.",
        'D3 not_a_member: The user "olivia" is a member of acme.',
        'D13 push_denied: The user "olivia" is an owner of acme.',
        "D16 token_scope: The credential is not limited to repositories.",
        "D16 token_scope: The credential has no scope.",
        'D13 push_allowed *: The user "olivia" is an owner of acme.',
    ]


def test_anonymous_is_walked_through_the_rows_too() -> None:
    closed = 'Nothing anonymous is open here, and the action is "pull".'
    assert _reached(told("anonymous", "hub", "nginx").steps)[1:4] == [
        "D2 unknown_subject: Nobody is signed in.",
        f"O5 not_governed: Nobody is signed in. {closed}",
        "O5 anonymous_denied *: Nobody is signed in.",
    ]


def test_what_may_still_change_an_answer_is_walked_without_an_organization_too() -> None:
    assert _reached(told("nina", "hub", "nginx").steps)[-4:] == [
        "O5 not_governed *: No organization decides.",
        "D16 token_scope: The credential is not limited to repositories.",
        "D16 token_scope: The credential has no scope.",
        "D11 monitored: No organization decides.",
    ]


def test_a_limit_to_nothing_is_said_so() -> None:
    known = facts("nina", "hub")
    limited = replace(known, subject=replace(known.subject, token_limits=()))
    explained = explain(limited, Request("nginx"), NOW)
    assert _reached(explained.steps)[-1] == (
        "D16 token_scope *: The credential is limited to nothing."
    )


@pytest.mark.parametrize(
    ("at", "naming", "sentence"),
    [
        ("acme-registry", "-", "acme-registry of acme at registry.acme.example:443 asks."),
        ("depot", "-", "depot of the whole site at depot.example asks."),
        ("depot", "acme", "depot of the whole site at depot.example asks, naming acme."),
    ],
)
def test_who_asks_in_words(at: str, naming: str, sentence: str) -> None:
    assert told("mel", at, "nginx", naming=naming).facts[3] == f"The registry {sentence}"


def test_no_registry_asks_in_words() -> None:
    asked = told("mel", "-", "nginx", naming="acme").facts[3]
    assert asked == "No registry asks; the organization named is acme."


def test_members_facts_in_words() -> None:
    (stark,) = told("happy", "stark-mirror", "nginx").organizations
    assert "Teams there: pilots, research." in stark.facts
    assert "Official images are allowed, verified publishers not allowed; the mode is enforce." in (
        stark.facts
    )
    assert "17 blocks and exceptions are kept." in stark.facts
    (globex,) = told("glen", "globex-mirror", "nginx").organizations
    assert (
        "Official images are not allowed, verified publishers not allowed; the mode is enforce."
        in globex.facts
    )
    outside = told("mia", "hub", "nginx")
    assert "acme and globex decide." in outside.facts
    (acme,) = told("nina", "acme-mirror", "nginx").organizations
    assert "Teams there: none." in acme.facts


def _agrees(explained: Explanation) -> None:
    decision = explained.decision
    for steps in [explained.steps, *(each.steps for each in explained.organizations)]:
        assert all(step.reached for step in steps if step.matched)
        assert all(bool(step.fact) is step.reached for step in steps)
        assert all(step.fact.isascii() and step.fact.isprintable() for step in steps)
    if decision.organizations:
        assert _matched(explained.steps) == []
    else:
        assert _matched(explained.steps)[-1] == decision.rule
    for each, decided in zip(explained.organizations, decision.organizations, strict=True):
        assert (each.organization, each.rule) == (decided.organization, decided.rule)
        matched = _matched(each.steps)
        assert matched[-1] == decided.rule
        assert decided.would_have is None or matched[:-1] == [decided.would_have]
        assert len(matched) == 1 or decided.rule in {Rule.MONITORED, Rule.TOKEN_SCOPE}


@steady
@given(asking, registries, naming, texts, actions)
def test_an_explanation_never_disagrees_with_the_decision(
    who: str, at: str, named: str, image: str, action: str
) -> None:
    known = facts(who, at, named, image, (action,))
    request = Request(image, action)
    explained = explain(known, request, NOW)
    assert explained.decision == decide(known, request, NOW)
    assert len(explained.steps) in {
        len(BEFORE_ANY_ORGANIZATION),
        len(BEFORE_ANY_ORGANIZATION) + len(AFTERWARDS),
    }
    for each in explained.organizations:
        assert len(each.steps) == len(AFTERWARDS) + len(PULL if action == "pull" else OTHER_ACTIONS)
    _agrees(explained)


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if case["does"] in {"pull", "push", "delete"}],
    ids=lambda c: f"{c['rule']} {c['who']} {c['does']} {c['image'][:40]}",
)
def test_every_case_of_the_table_is_explained_as_it_is_decided(case: dict[str, str]) -> None:
    explained = told(case["who"], case["at"], case["image"], case["does"], case["naming"])
    _agrees(explained)
    assert explained.decision.rule == case["because"]


def test_an_explanation_needs_the_same_facts() -> None:
    incomplete = replace(facts("mel", "acme-mirror"), organizations=dict[str, OrganizationFacts]())
    with pytest.raises(KeyError, match="acme"):
        explain(incomplete, Request("nginx"), NOW)
    nowhere = replace(facts("mel", "hub"), registry=None)
    with pytest.raises(ValueError, match="must be named"):
        explain(nowhere, Request("nginx"), NOW)


def test_the_way_to_the_answer_is_that_of_the_organization_it_names() -> None:
    explained = told("gus", "hub", "nginx")
    assert len(explained.organizations) > 1
    (named,) = (
        one
        for one in explained.organizations
        if one.organization == explained.decision.organization
    )
    steps = [*explained.steps, *named.steps]
    assert list(explained.reached) == [step for step in steps if step.reached] != steps
    assert [step.rule for step in explained.matched] == [named.rule]
    assert not any(step.matched for step in explained.steps)
