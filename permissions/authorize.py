"""The one place where facts are gathered and the core is asked: for protocols and pages alike."""

from collections.abc import Sequence

from permissions.core import explain as core
from permissions.core.decision import Decision, Request, decide, decide_actions, decide_catalog
from permissions.core.explain import Explanation
from permissions.core.facts import Registry
from permissions.core.login import LoginDecision, decide_login
from permissions.facts import Asker, Claim, facts_for, organization_facts
from permissions.reading import at_one_moment, moments_now


def authorize(claim: Claim, asker: Asker, image: str, action: str = "pull") -> Decision:
    """Decide one action on an image. Raises `NotYetKnown`, never guesses."""
    now = moments_now()
    return decide(facts_for(claim, asker, image, [action], now), Request(image, action), now)


def authorize_pulls(claim: Claim, asker: Asker, images: Sequence[str]) -> dict[str, Decision]:
    """Decide the pull of each of several images, all as of one moment."""
    return at_one_moment(lambda: {image: authorize(claim, asker, image) for image in images})


def authorize_actions(
    claim: Claim, asker: Asker, image: str, actions: Sequence[str]
) -> dict[str, Decision]:
    """Decide several actions on one image together: a push that is granted takes its pull along
    (D13)."""
    now = moments_now()
    return decide_actions(facts_for(claim, asker, image, actions, now), image, actions, now)


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
