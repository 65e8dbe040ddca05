"""What a rule looks at, in one short sentence: true whether or not the rule then matches."""

from permissions.core.facts import Subject
from permissions.core.own_rules import (
    EVERYONE,
    Audience,
    AudienceKind,
    Effect,
    OwnRule,
    format_target,
)
from permissions.core.policy import Category
from permissions.core.questions import Asked, Case, Found, is_owner
from permissions.core.reference import InvalidReference
from permissions.core.text import shown

KIND = {
    Category.ORGANIZATION: "organization",
    Category.OFFICIAL: "official",
    Category.VERIFIED_PUBLISHER: "verified publisher",
    Category.COMMUNITY: "community",
}
"""The categories as adjectives."""


def reading(asked: Asked) -> str:
    if isinstance(asked.reference, InvalidReference):
        return str(asked.reference)
    return f"The image is read as {shown(str(asked.reference))}."


def account(asked: Asked) -> str:
    if asked.anonymous:
        return "Nobody is signed in."
    state = "active" if asked.subject.live else "unknown, deactivated, revoked or expired"
    return f"{_who(asked.subject)} is {state}."


def anonymous_pulls(asked: Asked) -> str:
    if not asked.anonymous:
        return account(asked)
    pulls = "Anonymous pulls are" if asked.open_to_anonymous else "Nothing anonymous is"
    return f"Nobody is signed in. {pulls} open here, and the action is {shown(asked.action)}."


def deciders(asked: Asked) -> str:
    if not asked.deciders:
        return "No organization decides."
    return f"{_names(asked)} {'decides' if len(asked.deciders) == 1 else 'decide'}."


def deciders_of_action(asked: Asked) -> str:
    return f"{deciders(asked)} The action is {shown(asked.action)}."


def deciders_of_kind(asked: Asked) -> str:
    return f"{deciders(asked)} The subject is of the kind {asked.subject.kind}."


def required_membership(asked: Asked) -> str:
    must = "must" if asked.members_only else "need not"
    return f"{deciders(asked)} Who asks here {must} be a member of an organization."


def own_registry(asked: Asked) -> str:
    return f"An organization's own registry asks: {'yes' if asked.at_own_registry else 'no'}."


def membership_at_registry(asked: Asked) -> str:
    return _membership(asked.subject, asked.standing is not None, _names(asked))


def ownership_at_registry(asked: Asked) -> str:
    return _ownership(asked.subject, is_owner(asked.subject, asked.standing), _names(asked))


def limits_at_registry(asked: Asked) -> str:
    return _limits(asked.subject)


def scope_at_registry(asked: Asked) -> str:
    return _scope(asked.subject)


def membership(case: Case) -> str:
    return _membership(case.subject, case.standing is not None, case.organization.name)


def plan(case: Case) -> str:
    return f"{case.organization.name} has the plan {case.organization.plan}."


def switch(case: Case) -> str:
    state = "on" if case.organization.policy.enabled else "off"
    return f"Image Access Management of {case.organization.name} is {state}."


def ownership(case: Case) -> str:
    return _ownership(case.subject, case.owner, case.organization.name)


def category(case: Case) -> str:
    """Say what category an image is of, and why."""
    why = {
        Category.ORGANIZATION: "it lies in a namespace of the organization",
        Category.OFFICIAL: "it lies in docker.io/library",
        Category.VERIFIED_PUBLISHER: f"the catalogue lists {case.entry and shown(case.entry.path)}",
        Category.COMMUNITY: "it is of no other category",
    }[case.category]
    return (
        f"{shown(str(case.repository))} is of the category {KIND[case.category]} "
        f"to {case.organization.name}: {why}."
    )


def block(case: Case) -> str:
    return _own_rule(Effect.BLOCK, case.block, case)


def exception(case: Case) -> str:
    return _own_rule(Effect.EXCEPTION, case.exception, case)


def official(case: Case) -> str:
    return _allowed(case, Category.OFFICIAL, case.organization.policy.allow_official_images)


def verified_publishers(case: Case) -> str:
    allowed = case.organization.policy.allow_verified_publishers
    return _allowed(case, Category.VERIFIED_PUBLISHER, allowed)


def action(case: Case) -> str:
    return f"The action is {shown(case.asked.action)}."


def pushing(case: Case) -> str:
    may = "may" if case.may_push else "may not"
    return f"{_who(case.subject)} {may} push to namespaces of {case.organization.name}."


def limits(found: Found) -> str:
    return _limits(found.subject)


def scope(found: Found) -> str:
    return _scope(found.subject)


def mode(found: Found) -> str:
    if found.organization is None:
        return "No organization decides."
    return f"{found.organization.name} is in the mode {found.organization.policy.mode}."


def describe(rule: OwnRule, you: str = "") -> str:
    """Name what an own rule is about, for whom if not for everyone, and until when.

    `you` says how to call a single user, if not by name.
    """
    what = (
        f"{KIND[rule.target]} images"
        if isinstance(rule.target, Category)
        else shown(format_target(rule.target))
    )
    return what + _whom(rule.audience, you) + (f" until {rule.end}" if rule.ends_at else "")


def _whom(audience: Audience, you: str) -> str:
    if audience == EVERYONE:
        return ""
    if audience.kind is AudienceKind.TEAM:
        return f" for the team {audience.name}"
    return f" {you or f'for the user {audience.name}'}"


def _names(asked: Asked) -> str:
    return " and ".join(asked.deciders)


def _who(subject: Subject) -> str:
    return f"The {subject.kind} {shown(subject.id)}"


def _membership(subject: Subject, member: bool, organization: str) -> str:
    return f"{_who(subject)} is {'a' if member else 'no'} member of {organization}."


def _ownership(subject: Subject, owner: bool, organization: str) -> str:
    return f"{_who(subject)} is {'an' if owner else 'no'} owner of {organization}."


def _own_rule(effect: Effect, rule: OwnRule | None, case: Case) -> str:
    if rule is None:
        return f"{case.organization.name} has no {effect} in force that matches."
    return f"The {effect} {rule.id} is in force: {describe(rule)}."


def _allowed(case: Case, of: Category, allowed: bool) -> str:
    return (
        f"The category is {KIND[case.category]}. {case.organization.name} "
        f"{'allows' if allowed else 'does not allow'} {KIND[of]} images."
    )


def _limits(subject: Subject) -> str:
    if subject.token_limits is None:
        return "The credential is not limited to repositories."
    within = ", ".join(shown(str(limit)) for limit in subject.token_limits)
    return f"The credential is limited to {within or 'nothing'}."


def _scope(subject: Subject) -> str:
    if subject.token_scope is None:
        return "The credential has no scope."
    return f"The credential's scope is {subject.token_scope}."
