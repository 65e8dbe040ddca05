"""Deciding: facts and a request in, an answer with its reasons out. No I/O, no clock (D15)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from permissions.core import reasons
from permissions.core.facts import Facts
from permissions.core.policy import Category, Rule
from permissions.core.questions import Asked, Case, ask, case_of, found_before, found_by
from permissions.core.reference import Repository
from permissions.core.rules import (
    BEFORE_ANY_ORGANIZATION,
    WHOLE_REGISTRY,
    first_match,
    rule_for,
    settled,
)

CATALOG = "registry:catalog"
CATALOG_ACTION = "catalog"

_LONGEST_UNREADABLE = 256
_MONITORED = Rule.MONITORED


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: any text may stand in either field."""

    image: str
    action: str = "pull"


class OrganizationDecision(NamedTuple):
    """How one organization decided; `category` is None only where no image was asked about.

    `own_rule` is the id of the block or exception that decided, `would_have` the rule that would
    have denied if the organization did not only monitor (D11).
    """

    organization: str
    allowed: bool
    rule: Rule
    category: Category | None
    policy_version: int
    reason: str
    own_rule: int | str | None = None
    would_have: Rule | None = None


class Decision(NamedTuple):
    """The answer. What one organization says: the first that denied, else the first.

    `image` is the reference as it was read, or the first 256 characters of a text that is none;
    `classified_as` the folded repository (a mirror's becomes Docker Hub's). `organization`,
    `category` and `policy_version` are None where no organization decided.
    """

    allowed: bool
    rule: Rule
    reason: str
    image: str
    classified_as: str | None
    category: Category | None
    organization: str | None
    policy_version: int | None
    organizations: tuple[OrganizationDecision, ...]
    site_version: int
    catalog_entry: str | None
    own_rule: int | str | None = None
    would_have: Rule | None = None


def decide(facts: Facts, request: Request, now: datetime) -> Decision:
    """Decide one request (semantics, sections 3 and 4).

    No text in the request raises. Raises `KeyError` when the facts lack an organization that
    decides: facts that are missing are a failure, never an answer.
    """
    asked = ask(facts, request.image, request.action, now)
    if not asked.gets_to_organizations:
        row = first_match(BEFORE_ANY_ORGANIZATION, asked)
        assert row is not None  # its last row matches where no organization decides
        return _without_organization(asked, row.rule, request.image)
    return _combined([case_of(asked, name) for name in asked.deciders])


def decide_actions(
    facts: Facts, image: str, actions: Sequence[str], now: datetime
) -> dict[str, Decision]:
    """Decide several actions asked together on one repository; errors as for `decide`.

    The facts must hold the deciding organizations of every one of the actions.
    """
    decisions = {action: decide(facts, Request(image, action), now) for action in actions}
    push = decisions.get("push")
    if push is not None and push.allowed and "pull" in decisions:
        decisions["pull"] = push  # D13: no client can push without pulling
    return decisions


def decide_catalog(facts: Facts, now: datetime) -> Decision:
    """Decide `registry:catalog:*`, the list of all repositories of the registry that asks (D13)."""
    asked = ask(facts, CATALOG, CATALOG_ACTION, now)
    row = first_match(WHOLE_REGISTRY, asked)
    assert row is not None  # its last row matches whatever comes
    rule = row.rule
    reason = reasons.of_whole_registry(rule, asked)
    organizations = tuple(
        OrganizationDecision(
            name, rule.allows, rule, None, facts.organizations[name].policy_version, reason
        )
        for name in asked.deciders
    )
    return _answer(facts, rule, reason, CATALOG, organizations=organizations)


def _judge(case: Case) -> OrganizationDecision:
    """Decide for one organization: by its rules, then by what may still change their answer."""
    matched = rule_for(case)
    rule = settled(found_by(case, matched)) if case.may_be_changed else matched
    monitored = rule is _MONITORED
    own_rule = case.own_rule(matched if monitored else rule)
    # By their places, here and below: by their names they take a tenth of a decision's time.
    return OrganizationDecision(
        case.organization.name,
        rule.allows,
        rule,
        case.category,
        case.organization.policy_version,
        reasons.of_organization(rule, matched, case),
        own_rule.id if own_rule is not None else None,
        matched if monitored else None,
    )


def _combined(cases: Sequence[Case]) -> Decision:
    """Join the organizations' decisions: each must allow, and the sentence names all that don't."""
    judged = tuple(map(_judge, cases))
    place = _first_denied(judged) if len(judged) > 1 else 0
    first, case = judged[place], cases[place]
    return Decision(
        first.allowed,
        first.rule,
        _all_reasons(judged) if len(judged) > 1 and not first.allowed else first.reason,
        str(case.asked.reference),
        str(case.repository),
        first.category,
        first.organization,
        first.policy_version,
        judged,
        case.asked.facts.site_version,
        case.entry.path if case.entry is not None else None,
        first.own_rule,
        first.would_have,
    )


def _first_denied(judged: Sequence[OrganizationDecision]) -> int:
    return next((place for place, one in enumerate(judged) if not one.allowed), 0)


def _all_reasons(judged: Sequence[OrganizationDecision]) -> str:
    return " ".join(dict.fromkeys([one.reason for one in judged if not one.allowed]))


def _without_organization(asked: Asked, rule: Rule, text: str) -> Decision:
    if rule is Rule.INVALID_REFERENCE:
        return _answer(asked.facts, rule, str(asked.reference), text[:_LONGEST_UNREADABLE])
    found = found_before(asked, rule)
    rule = settled(found)
    reason = reasons.without_organization(rule, found)
    image = str(asked.reference)
    return _answer(asked.facts, rule, reason, image, repository=found.repository)


def _answer(
    facts: Facts,
    rule: Rule,
    reason: str,
    image: str,
    *,
    organizations: tuple[OrganizationDecision, ...] = (),
    repository: Repository | None = None,
) -> Decision:
    """An answer for all organizations alike, or for none."""
    top = organizations[0] if organizations else None
    return Decision(
        allowed=rule.allows,
        rule=rule,
        reason=reason,
        image=image,
        classified_as=None if repository is None else str(repository),
        category=None,
        organization=top.organization if top else None,
        policy_version=top.policy_version if top else None,
        organizations=organizations,
        site_version=facts.site_version,
        catalog_entry=None,
    )
