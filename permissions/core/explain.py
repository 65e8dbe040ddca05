"""Why a decision came out as it did: the very rows that decide, walked in order, with the facts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from permissions.core import looked_at
from permissions.core.decision import (
    CATALOG,
    CATALOG_ACTION,
    Decision,
    Request,
    decide,
    decide_catalog,
)
from permissions.core.facts import Facts, OrganizationFacts
from permissions.core.policy import Rule
from permissions.core.questions import Asked, Case, ask, case_of, found_before, found_by
from permissions.core.rules import (
    AFTERWARDS,
    BEFORE_ANY_ORGANIZATION,
    WHOLE_REGISTRY,
    QuestionT,
    Row,
    rows_for,
)
from permissions.core.text import shown


@dataclass(frozen=True, slots=True)
class Step:
    """One rule in its place: its number in the law, and what it looked at, if it was reached."""

    number: str
    rule: Rule
    reached: bool
    matched: bool
    fact: str


@dataclass(frozen=True, slots=True)
class OrganizationExplanation:
    """The steps of one organization, and what it decides from, in words."""

    organization: str
    facts: tuple[str, ...]
    steps: tuple[Step, ...]

    @property
    def rule(self) -> Rule:
        return _last_match(self.steps)


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision with what led to it.

    `steps` are those before any organization was asked; where one of them matched, no organization
    was, and they go on with what may still change an answer.
    """

    decision: Decision
    facts: tuple[str, ...]
    steps: tuple[Step, ...]
    organizations: tuple[OrganizationExplanation, ...]

    @property
    def reached(self) -> tuple[Step, ...]:
        """What was asked on the way to the answer: all that was, and of several organizations what
        the one was asked that the answer names."""
        name = self.decision.organization
        deciding = [one.steps for one in self.organizations if one.organization == name]
        return tuple(step for steps in (self.steps, *deciding) for step in steps if step.reached)

    @property
    def matched(self) -> tuple[Step, ...]:
        """The steps that made the answer: the rule that matched, and what changed it still."""
        return tuple(step for step in self.reached if step.matched)


def explain(facts: Facts, request: Request, now: datetime) -> Explanation:
    """Explain what `decide` answers to the same question; errors as there."""
    asked = ask(facts, request.image, request.action, now)
    steps = _walk(BEFORE_ANY_ORGANIZATION, asked)
    organizations: tuple[OrganizationExplanation, ...] = ()
    if not any(step.matched for step in steps):
        organizations = tuple(_of_case(case_of(asked, name)) for name in asked.deciders)
    elif _last_match(steps) is not Rule.INVALID_REFERENCE:
        steps += _walk(AFTERWARDS, found_before(asked, _last_match(steps)))
    decision = decide(facts, request, now)
    return Explanation(decision, _facts(asked), steps, organizations)


def explain_catalog(facts: Facts, now: datetime) -> Explanation:
    """Explain what `decide_catalog` answers to the same question; errors as there."""
    asked = ask(facts, CATALOG, CATALOG_ACTION, now)
    steps = _walk(WHOLE_REGISTRY, asked)
    return Explanation(decide_catalog(facts, now), _facts(asked), steps, ())


def _of_case(case: Case) -> OrganizationExplanation:
    steps = _walk(rows_for(case), case)
    steps += _walk(AFTERWARDS, found_by(case, _last_match(steps)))
    return OrganizationExplanation(case.organization.name, _facts_of_case(case), steps)


def _walk(rows: Iterable[Row[QuestionT]], question: QuestionT) -> tuple[Step, ...]:
    """Ask each row until one matches; those after it are not reached and look at nothing."""
    steps: list[Step] = []
    reached = True
    for row in rows:
        matched = reached and row.applies(question)
        fact = row.fact(question) if reached else ""
        steps.append(Step(row.number, row.rule, reached, matched, fact))
        reached = reached and not matched
    return tuple(steps)


def _last_match(steps: Iterable[Step]) -> Rule:
    return [step.rule for step in steps if step.matched][-1]


def _facts(asked: Asked) -> tuple[str, ...]:
    """Say in words what every decision is made from."""
    return (
        looked_at.reading(asked),
        f"The action is {shown(asked.action)}.",
        looked_at.account(asked),
        _registry(asked.facts),
        looked_at.deciders(asked),
        f"The time is {asked.now.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC.",
        f"The catalogue and the site's registries are those of version {asked.facts.site_version}.",
    )


def _registry(facts: Facts) -> str:
    registry = facts.registry
    if registry is None:
        return f"No registry asks; the organization named is {facts.named}."
    whose = registry.organization or "the whole site"
    mirror = ", which mirrors Docker Hub," if registry.upstream_hub else ""
    named = f", naming {facts.named}" if facts.named else ""
    return f"The registry {registry.service} of {whose} at {registry.host}{mirror} asks{named}."


def _facts_of_case(case: Case) -> tuple[str, ...]:
    """Say in words what one organization decides from."""
    organization = case.organization
    return (
        looked_at.membership(case),
        _teams(case),
        looked_at.category(case),
        looked_at.plan(case),
        looked_at.switch(case),
        _settings(organization),
        f"{len(organization.own_rules.rules)} blocks and exceptions are kept.",
        f"This is version {organization.policy_version} of its rules.",
    )


def _teams(case: Case) -> str:
    teams = sorted(case.standing.teams) if case.standing else []
    return f"Teams there: {', '.join(teams) or 'none'}."


def _settings(organization: OrganizationFacts) -> str:
    policy = organization.policy
    official = "allowed" if policy.allow_official_images else "not allowed"
    publishers = "allowed" if policy.allow_verified_publishers else "not allowed"
    return (
        f"Official images are {official}, verified publishers {publishers}; "
        f"the mode is {policy.mode}."
    )
