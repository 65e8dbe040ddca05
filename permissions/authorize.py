"""The one place where facts are gathered and the core is asked: for protocols and pages alike."""

from collections.abc import Mapping, Sequence

from permissions.core import explain as core
from permissions.core.decision import Decision, Request, decide, decide_actions, decide_catalog
from permissions.core.explain import Explanation
from permissions.core.facts import Registry
from permissions.core.login import LoginDecision, decide_login
from permissions.facts import (
    Asker,
    Claim,
    check_version,
    facts_for,
    next_end,
    organization_facts,
)
from permissions.reading import at_one_moment, lasts_until, moments_now, remembered

ANSWER_BYTES = 3000
"""About what an answer that is remembered takes, beside the texts of its question."""


def authorize(claim: Claim, asker: Asker, image: str, action: str = "pull") -> Decision:
    """Decide one action on an image. Raises `NotYetKnown`, never guesses."""
    return at_one_moment(lambda: _authorized(claim, asker, image, action))


def authorize_pulls(claim: Claim, asker: Asker, images: Sequence[str]) -> dict[str, Decision]:
    """Decide the pull of each of several images, all as of one moment."""
    return at_one_moment(lambda: {image: authorize(claim, asker, image) for image in images})


def authorize_actions(
    claim: Claim, asker: Asker, image: str, actions: Sequence[str]
) -> Mapping[str, Decision]:
    """Decide several actions on one image together: a push that is granted takes its pull along
    (D13)."""
    asked = tuple(actions)
    return at_one_moment(lambda: _authorized_together(claim, asker, image, asked))


def explain(claim: Claim, asker: Asker, image: str, action: str = "pull") -> Explanation:
    """Explain what `authorize` answers to the same question, which is then no pull of anybody's."""
    now = moments_now()
    facts = facts_for(claim, asker, image, [action], now)
    return core.explain(facts, Request(image, action), now)


def authorize_catalog(claim: Claim, asker: Asker) -> Decision:
    """Decide whether the subject may list a registry's repositories (D13)."""
    now = moments_now()
    return decide_catalog(facts_for(claim, asker, "", ["catalog"], now), now)


def organizations_concerned(
    claim: Claim, registry: Registry, image: str, action: str
) -> list[tuple[str, int]]:
    """Whose rules count for what a subject did at a registry, each with its policy version now."""
    if registry.organization is not None:
        own = organization_facts(registry.organization, registry.service)
        return [(own.name, own.policy_version)] if own is not None else []
    facts = facts_for(claim, Asker(registry), image, [action], moments_now())
    return [(one.name, one.policy_version) for one in facts.organizations.values()]


def authorize_login(claim: Claim, registry: Registry) -> LoginDecision:
    """Decide whether the subject may sign in to a registry, before any image is named."""
    facts = facts_for(claim, Asker(registry), "", [], moments_now())
    return decide_login(facts.subject, registry)


def _authorized(claim: Claim, asker: Asker, image: str, action: str) -> Decision:
    check_version(asker)
    question = (claim, *_as_asked(asker), image, action)
    return remembered(question, _size(image, action), lambda: _decided(claim, asker, image, action))


def _authorized_together(
    claim: Claim, asker: Asker, image: str, actions: tuple[str, ...]
) -> Mapping[str, Decision]:
    check_version(asker)
    question = (claim, *_as_asked(asker), image, actions)
    return remembered(
        question, _size(image, *actions), lambda: _decided_together(claim, asker, image, actions)
    )


def _decided(claim: Claim, asker: Asker, image: str, action: str) -> Decision:
    now = moments_now()
    facts = facts_for(claim, asker, image, [action], now)
    lasts_until(next_end(claim, facts, now))
    return decide(facts, Request(image, action), now)


def _decided_together(
    claim: Claim, asker: Asker, image: str, actions: Sequence[str]
) -> Mapping[str, Decision]:
    now = moments_now()
    facts = facts_for(claim, asker, image, actions, now)
    lasts_until(next_end(claim, facts, now))
    return decide_actions(facts, image, actions, now)


def _as_asked(asker: Asker) -> tuple[Registry | None, str | None, bool]:
    """What of an asker counts for an answer, once the version they know of is there."""
    return asker.registry, asker.organization, asker.may_tell_unknown


def _size(image: str, *actions: str) -> int:
    return ANSWER_BYTES + len(image) + sum(map(len, actions))
