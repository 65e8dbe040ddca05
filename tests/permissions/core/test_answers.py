"""What an answer holds besides allow or deny: its sentences, and the image as it was read."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from permissions.core.deciders import deciders
from permissions.core.decision import Decision, Request, decide, decide_actions, decide_catalog
from permissions.core.facts import OrganizationFacts
from permissions.core.own_rules import Audience, Effect, OwnRule, OwnRules
from permissions.core.policy import Category, Rule, SubjectKind
from tests.permissions.core.cast import REGISTRIES, SUBJECTS, facts, subject
from tests.permissions.core.tables import rows

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SENTENCES = rows("sentences.md", "who asks")


def ask(who: str, at: str, image: str, action: str = "pull", naming: str = "-") -> Decision:
    return decide(facts(who, at, naming, image, (action,)), Request(image, action), NOW)


@pytest.mark.parametrize("case", SENTENCES, ids=lambda c: c["sentence"][:50])
def test_sentences(case: dict[str, str]) -> None:
    decision = ask(case["who asks"], case["at"], case["image"], case["does"])
    assert decision.reason == case["sentence"]


@pytest.mark.parametrize(
    ("who", "at", "reason"),
    [
        ("dora", "acme-mirror", "This account or access token is unknown or no longer active. "),
        ("anonymous", "acme-mirror", "Signing in is required here. "),
        ("nina", "acme-mirror", "You are not a member of acme. Ask an owner of acme for an invit"),
    ],
)
def test_sentences_about_the_whole_registry(who: str, at: str, reason: str) -> None:
    decision = decide_catalog(facts(who, at, actions=("catalog",)), NOW)
    assert decision.reason.startswith(reason)
    assert (decision.image, decision.classified_as) == ("registry:catalog", None)


@pytest.mark.parametrize("case", rows("sentences.md", "who lists"), ids=lambda c: c["who lists"])
def test_sentences_about_listing_a_registry_word_for_word(case: dict[str, str]) -> None:
    decision = decide_catalog(facts(case["who lists"], case["at"], actions=("catalog",)), NOW)
    assert decision.reason == case["sentence"]


@pytest.mark.parametrize(
    ("image", "read", "classified_as"),
    [
        ("nginx", "docker.io/library/nginx", "docker.io/library/nginx"),
        ("grafana/loki:3", "docker.io/grafana/loki:3", "docker.io/grafana/loki"),
        ("DOCKER.io/nginx", "DOCKER.io/nginx", "docker.io/library/nginx"),
        ("mirror.acme.example/nginx:1", "mirror.acme.example/nginx:1", "docker.io/library/nginx"),
        ("hub.example:5001/acme/app", "hub.example:5001/acme/app", "docker.io/acme/app"),
        (
            f"n:1@sha256:{'a' * 64}",
            f"docker.io/library/n:1@sha256:{'a' * 64}",
            "docker.io/library/n",
        ),
        ("Not/Valid", "Not/Valid", None),
        ("-" * 9000, "-" * 256, None),
        ("\ud800\n", "\ud800\n", None),
    ],
)
def test_the_image_as_read_and_as_classified(
    image: str, read: str, classified_as: str | None
) -> None:
    for who in ("mel", "dora"):
        decision = ask(who, "acme-mirror", image)
        assert (decision.image, decision.classified_as) == (read, classified_as)


def test_the_top_repeats_the_first_that_denied_else_the_first() -> None:
    denied = ask("mia", "hub", "acme/app")
    assert [(d.organization, d.allowed) for d in denied.organizations] == [
        ("acme", True),
        ("globex", False),
    ]
    assert (denied.organization, denied.policy_version) == ("globex", 8)
    allowed = ask("gus", "hub", "grafana/loki")
    assert [d.rule for d in allowed.organizations] == [Rule.VERIFIED_PUBLISHER_ALLOWED, Rule.OWNER]
    assert (allowed.organization, allowed.policy_version) == ("acme", 7)
    assert allowed.reason == "acme allows verified publisher images."


def test_the_publisher_is_named_only_where_it_is_why() -> None:
    assert ask("mel", "acme-mirror", "obscure/tool:1").catalog_entry == "obscure/tool"
    assert ask("glen", "globex-mirror", "grafana/loki").catalog_entry == "grafana"
    assert ask("mel", "acme-mirror", "nginx").catalog_entry is None
    assert ask("nina", "hub", "grafana/loki").catalog_entry is None


def test_a_sentence_that_several_organizations_say_is_said_once() -> None:
    decision = ask("gus only docker.io/acme", "hub", "nginx")
    assert [d.rule for d in decision.organizations] == [Rule.TOKEN_SCOPE, Rule.TOKEN_SCOPE]
    assert decision.reason == (
        'The access token is limited to other repositories than "docker.io/library/nginx". '
        "Use one that includes it."
    )


@pytest.mark.parametrize(
    ("who", "at", "image", "own_rule", "would_have"),
    [
        ("rhodey", "stark-mirror", "log4shell", 1, None),
        ("rhodey", "stark-mirror", "hashicorp/vault", 2, None),
        ("pepper", "stark-mirror", "randomdev/tool", 7, None),
        ("rhodey", "stark-mirror", "randomdev/tool", None, None),
        ("rhodey", "stark-mirror", "stark/app", None, None),
        ("tony", "stark-mirror", "log4shell", None, None),
        ("otto", "oscorp-mirror", "nginx", 18, Rule.BLOCKED),
        ("otto", "oscorp-mirror", "grafana/loki", 19, None),
        ("otto", "oscorp-mirror", "randomdev/tool", None, Rule.COMMUNITY_RESTRICTED),
        ("otto only docker.io/acme", "oscorp-mirror", "nginx", None, None),
        ("peter", "hub", "log4shell", 1, None),
        ("uma", "umbrella-mirror", "nginx", None, None),
        ("nina", "hub", "log4shell", None, None),
    ],
)
def test_the_own_rule_that_decided_is_kept_and_what_a_dry_run_would_have_denied(
    who: str, at: str, image: str, own_rule: int | None, would_have: Rule | None
) -> None:
    decision = ask(who, at, image)
    assert (decision.own_rule, decision.would_have) == (own_rule, would_have)
    told = [d for d in decision.organizations if d.organization == decision.organization]
    assert [(d.own_rule, d.would_have) for d in told] == [(own_rule, would_have)] * len(told)


def test_a_second_organization_that_monitors_keeps_what_it_would_have_denied() -> None:
    decision = ask("mary", "hub", "nginx")
    assert [(d.rule, d.own_rule, d.would_have) for d in decision.organizations] == [
        (Rule.OFFICIAL_ALLOWED, None, None),
        (Rule.MONITORED, 18, Rule.BLOCKED),
    ]
    assert (decision.own_rule, decision.would_have) == (None, None)


def _ruled(*rules: OwnRule, image: str = "randomdev/tool") -> Decision:
    """What mel is told when acme, which allows both categories, has these rules."""
    known = facts("mel", "acme-mirror")
    acme = replace(known.organizations["acme"], own_rules=OwnRules(rules))
    return decide(replace(known, organizations={"acme": acme}), Request(image), NOW)


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("", ""),
        ("Not now", "Its owners say why: Not now. "),
        ("Not now!", "Its owners say why: Not now! "),
        ("Why not?", "Its owners say why: Why not? "),
        ("K\xfcche", "Its owners say why: K\xfcche. "),
        ("one\r\ntwo\x00", "Its owners say why: one  two . "),
    ],
)
def test_the_owners_reason_stands_in_the_sentence(reason: str, told: str) -> None:
    block = OwnRule(1, Effect.BLOCK, Category.COMMUNITY, reason=reason)
    assert _ruled(block).reason == (
        f"acme blocks community images. {told}"
        "Use an official or verified publisher image, or ask an owner of acme to lift the block."
    )


@pytest.mark.parametrize(
    ("blocked", "advice"),
    [
        ([Category.OFFICIAL], "Use a verified publisher image, or"),
        ([Category.VERIFIED_PUBLISHER], "Use an official image, or"),
        ([Category.OFFICIAL, Category.VERIFIED_PUBLISHER], "Use one of acme's own images, or"),
    ],
)
def test_the_advice_leaves_out_what_is_blocked(blocked: list[Category], advice: str) -> None:
    rules = [OwnRule(n, Effect.BLOCK, category) for n, category in enumerate(blocked)]
    assert advice in _ruled(*rules).reason


def test_ends_are_told_in_universal_time() -> None:
    end = datetime(2026, 3, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    exception = OwnRule("x", Effect.EXCEPTION, Category.COMMUNITY, Audience.user("mel"), end)
    assert _ruled(exception).reason == (
        "acme makes an exception for community images for you until 2026-02-28 23:30 UTC."
    )


def test_a_rule_ends_at_its_end() -> None:
    known = facts("rhodey", "stark-mirror")
    end = datetime(2026, 2, 1, tzinfo=UTC)
    just_before = decide(known, Request("new/tool"), end - timedelta(microseconds=1))
    assert (just_before.rule, just_before.own_rule) == (Rule.EXCEPTION, 12)
    at_the_end = decide(known, Request("new/tool"), end)
    assert (at_the_end.rule, at_the_end.own_rule) == (Rule.COMMUNITY_RESTRICTED, None)


def test_a_missing_organization_is_a_failure_and_no_answer() -> None:
    incomplete = replace(facts("mel", "acme-mirror"), organizations=dict[str, OrganizationFacts]())
    with pytest.raises(KeyError, match="acme"):
        decide(incomplete, Request("nginx"), NOW)
    with pytest.raises(KeyError, match="acme"):
        decide_catalog(incomplete, NOW)


def test_a_question_from_nowhere_is_a_failure() -> None:
    with pytest.raises(ValueError, match=r"^Without a registry the organization must be named\.$"):
        decide(replace(facts("mel", "hub"), registry=None), Request("nginx"), NOW)


def test_every_action_asked_is_answered() -> None:
    actions = ("pull", "push", "delete", "frobnicate")
    decisions = decide_actions(
        facts("paula", "hub", "-", "acme/app", actions), "acme/app", actions, NOW
    )
    assert {action: decision.allowed for action, decision in decisions.items()} == {
        "pull": True,
        "push": True,
        "delete": True,
        "frobnicate": False,
    }
    assert decisions["pull"].rule is Rule.PUSH_ALLOWED
    assert decide_actions(facts("paula", "hub"), "acme/app", (), NOW) == {}
    pushed = decide_actions(
        facts("paula", "hub", "-", "acme/app", ("push",)), "acme/app", ("push",), NOW
    )
    assert list(pushed) == ["push"]


@pytest.mark.parametrize(
    ("who", "at", "naming", "action", "owner", "expected"),
    [
        ("mia", "acme-mirror", None, "pull", None, ("acme",)),
        ("mia", "acme-mirror", "globex", "pull", None, ("acme",)),
        ("nina", "acme-mirror", None, "push", None, ("acme",)),
        ("mia", "hub", None, "pull", "wonka", ("acme", "globex")),
        ("mia", "hub", "acme", "pull", None, ("acme",)),
        ("mia", None, "globex", "pull", None, ("globex",)),
        ("mia", "hub", None, "push", "wonka", ("wonka",)),
        ("mia", "hub", None, "delete", None, ()),
        ("mia", "hub", "acme", "push", "wonka", ("acme",)),
        ("nina", "hub", None, "pull", "wonka", ()),
        ("dora", "acme-mirror", None, "pull", None, ()),
        ("anonymous", "hub", "acme", "pull", None, ()),
    ],
)
def test_who_decides(
    who: str,
    at: str | None,
    naming: str | None,
    action: str,
    owner: str | None,
    expected: tuple[str, ...],
) -> None:
    registry = REGISTRIES[at] if at else None
    assert expected == deciders(
        subject=subject(who), registry=registry, named=naming, action=action, namespace_owner=owner
    )


def test_a_token_of_no_organization_is_nobodys_guest() -> None:
    adrift = replace(SUBJECTS["acme-token"], standings={})
    assert adrift.kind is SubjectKind.TOKEN
    decision = decide(replace(facts("nina", "hub"), subject=adrift), Request("nginx"), NOW)
    assert (decision.allowed, decision.rule) == (False, Rule.NOT_A_MEMBER)
    assert decision.reason == (
        "This access token belongs to no organization. Use another one, or sign in."
    )
    cluster = replace(adrift, kind=SubjectKind.CLUSTER)
    decision = decide(replace(facts("nina", "hub"), subject=cluster), Request("nginx"), NOW)
    assert (decision.allowed, decision.rule) == (False, Rule.NOT_A_MEMBER)
