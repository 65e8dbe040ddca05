"""What an answer holds besides allow or deny: its sentences, and the image as it was read."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from permissions.core.deciders import deciders
from permissions.core.decision import Decision, Request, decide, decide_actions, decide_catalog
from permissions.core.facts import OrganizationFacts
from permissions.core.policy import Rule, SubjectKind
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
        ("paula", "acme-mirror", "Only owners of acme may list its registry's repositories. "),
        ("olivia", "acme-mirror", "You are an owner of acme, and owners may list its registry's "),
        ("nina", "acme-mirror", "You are not a member of acme. Ask an owner of acme for an invit"),
        ("anonymous", "acme-mirror", "Signing in is required here. "),
        ("dora", "acme-mirror", "This account or access token is unknown or no longer active. "),
        ("olivia", "hub", "Nobody may list the repositories of a registry that no organization "),
        ("olivia repo:read", "acme-mirror", "The access token does not go as far as listing rep"),
    ],
)
def test_sentences_about_the_whole_registry(who: str, at: str, reason: str) -> None:
    decision = decide_catalog(facts(who, at, actions=("catalog",)), NOW)
    assert decision.reason.startswith(reason)
    assert (decision.image, decision.classified_as) == ("registry:catalog", None)


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


def test_a_missing_organization_is_a_failure_and_no_answer() -> None:
    incomplete = replace(facts("mel", "acme-mirror"), organizations=dict[str, OrganizationFacts]())
    with pytest.raises(KeyError, match="acme"):
        decide(incomplete, Request("nginx"), NOW)
    with pytest.raises(KeyError, match="acme"):
        decide_catalog(incomplete, NOW)


def test_a_question_from_nowhere_is_a_failure() -> None:
    with pytest.raises(ValueError, match="must be named"):
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
