"""The sentences: every answer says why, and every denial what to do about it.

ASCII, except for a reason that owners gave, which stands as they wrote it.
"""

from collections.abc import Callable, Mapping

from permissions.core.facts import Subject
from permissions.core.looked_at import KIND, describe
from permissions.core.own_rules import OwnRule
from permissions.core.policy import (
    OFFICIAL,
    VERIFIED_PUBLISHER,
    Category,
    Rule,
    SubjectKind,
    TokenScope,
)
from permissions.core.questions import PUSH_ACTIONS, Asked, Case, Found, found_by, outside_limits
from permissions.core.text import one_line, shown

_MAP_IT = "Ask the administrators of this site to map it."


def before_any_organization(rule: Rule, asked: Asked) -> str:
    """Return the sentence for a rule that needed no organization to decide."""
    token = asked.subject.kind is SubjectKind.TOKEN
    match rule:
        case Rule.UNKNOWN_SUBJECT if asked.subject.kind is SubjectKind.CLUSTER:
            return unmapped(asked.subject.id)
        case Rule.UNKNOWN_SUBJECT if token:
            return (
                "This access token is unknown, revoked or expired. "
                "Ask an owner of its organization for a new one."
            )
        case Rule.UNKNOWN_SUBJECT:
            return (
                "This account or access token is unknown or no longer active. "
                "Sign in again, or ask an administrator of this site."
            )
        case Rule.ANONYMOUS_DENIED:
            return "Signing in is required here. Run docker login, then try again."
        case Rule.NOT_A_MEMBER if token:
            return "This access token belongs to no organization. Use another one, or sign in."
        case Rule.NOT_A_MEMBER:
            return (
                "This registry serves members of organizations only. Ask an owner of your "
                "organization for an invitation, or sign in as someone else."
            )
        case Rule.PUSH_DENIED if asked.action not in PUSH_ACTIONS:
            return _unknown_action(asked.action)
        case Rule.PUSH_DENIED:
            return (
                f"No organization owns the namespace of {shown(str(asked.reference))}. Push to a "
                "namespace of your organization, or ask the administrators of this site for one."
            )
        case _:
            return "No organization restricts this pull."


def without_organization(rule: Rule, found: Found) -> str:
    """Return the sentence for a rule that settled an answer without any organization."""
    if rule is Rule.TOKEN_SCOPE:
        return _narrowed(found)
    return before_any_organization(rule, found.asked)


def of_organization(rule: Rule, found: Rule, case: Case) -> str:
    """Return the sentence for a rule by which one organization decided.

    `found` is the rule that matched: another one only where the organization just monitors.
    """
    sentence = _OF_ORGANIZATION.get(rule)
    if sentence is not None:
        return sentence(case)
    name = case.organization.name
    return (
        f"The pull is allowed while {name} only monitors its rules. Once {name} enforces them "
        f"it will be denied: {of_organization(found, found, case)}"
    )


def of_whole_registry(rule: Rule, asked: Asked) -> str:
    """Return the sentence for `registry:catalog:*`."""
    name = next(iter(asked.deciders), "")
    match rule:
        case Rule.UNKNOWN_SUBJECT | Rule.ANONYMOUS_DENIED:
            return before_any_organization(rule, asked)
        case Rule.NOT_A_MEMBER:
            return _not_a_member(asked.subject, name)
        case Rule.PUSH_ALLOWED:
            return f"You are an owner of {name}, and owners may list its registry's repositories."
        case Rule.TOKEN_SCOPE:
            return (
                f"The access token does not go as far as listing repositories. Use one with the "
                f"scope {TokenScope.ADMIN} and without a limit to repositories."
            )
        case _ if asked.at_own_registry:
            return (
                f"Only owners of {name} may list its registry's repositories. "
                f"Ask an owner of {name} for the list."
            )
        case _:
            return (
                "Nobody may list the repositories of a registry that no organization owns. "
                "Ask the administrators of this site for the list."
            )


def unmapped(namespace: str) -> str:
    """Return the sentence for a cluster's namespace that no organization answers for."""
    return f"The cluster's namespace {shown(namespace)} is mapped to no organization. {_MAP_IT}"


def _narrowed(found: Found) -> str:
    """Say that a token does not go as far as its holder may (D16)."""
    if outside_limits(found.subject, found.repository):
        return (
            "The access token is limited to other repositories than "
            f"{shown(str(found.repository))}. Use one that includes it."
        )
    # No scope is too narrow for others' images, nor where no organization decides.
    assert found.organization is not None
    action = found.asked.action
    return (
        f"The access token's scope {found.subject.token_scope} does not include {action} on images "
        f"of {found.organization.name}. "
        f"Use one with the scope {TokenScope.needed(action, found.category)}."
    )


def _allowed(case: Case) -> str:
    return f"{case.organization.name} allows {KIND[case.category]} images."


def _restricted(case: Case) -> str:
    name = case.organization.name
    return (
        f"{name} does not allow {KIND[case.category]} images. "
        f"{_alternative(case)}, or ask an owner of {name} for an exception."
    )


def _push_allowed(case: Case) -> str:
    name, action, image = case.organization.name, case.asked.action, shown(str(case.repository))
    return f"{name} lets you {action} {image}."


def _not_a_member(subject: Subject, name: str) -> str:
    if subject.kind is SubjectKind.CLUSTER:
        return f"The cluster's namespace {shown(subject.id)} is not mapped to {name}. {_MAP_IT}"
    if subject.kind is SubjectKind.TOKEN:
        return f"This access token is not one of {name}'s. Ask an owner of {name} for one."
    return (
        f"You are not a member of {name}. "
        f"Ask an owner of {name} for an invitation, or sign in as someone else."
    )


def _blocked(case: Case) -> str:
    """Say what is blocked, why as far as its owners say, and what to do about it."""
    name, block = case.organization.name, case.block
    assert block is not None
    why = f" Its owners say why: {_sentence(one_line(block.reason))}" if block.reason else ""
    whole = isinstance(block.target, Category)
    instead = _alternative(case) if whole else f"Use another image that {name} allows"
    return (
        f"{name} blocks {_to_you(block)}.{why} "
        f"{instead}, or ask an owner of {name} to lift the block."
    )


def _excepted(case: Case) -> str:
    exception = case.exception
    assert exception is not None
    return f"{case.organization.name} makes an exception for {_to_you(exception)}."


def _to_you(rule: OwnRule) -> str:
    """Describe an own rule to the one who asks, whom it is for."""
    return describe(rule, you="for you")


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _alternative(case: Case) -> str:
    """Say which images to use instead: only what the organization really allows."""
    official = case.allows(OFFICIAL)
    publishers = case.allows(VERIFIED_PUBLISHER)
    if official and publishers:
        return "Use an official or verified publisher image"
    if official:
        return "Use an official image"
    if publishers:
        return "Use a verified publisher image"
    return f"Use one of {case.organization.name}'s own images"


def _push_denied(case: Case) -> str:
    name, action, image = case.organization.name, case.asked.action, shown(str(case.repository))
    if action not in PUSH_ACTIONS:
        return _unknown_action(action)
    if case.category is not Category.ORGANIZATION:
        return (
            f"{image} lies in no namespace of {name}, so {name} can't let you {action} it. "
            f"Use a namespace of {name}, or ask an owner of {name} for one."
        )
    if case.subject.kind is SubjectKind.TOKEN:
        return (
            f"The access token may not {action} {image}. "
            f"Use one of {name}'s with the scope {TokenScope.needed(action, case.category)}."
        )
    return (
        f"You may not {action} {image}. Ask an owner of {name} to add you to a team that can push."
    )


def _unknown_action(action: str) -> str:
    return f"The action {shown(action)} is unknown here. Ask for pull, push or delete."


_OF_ORGANIZATION: Mapping[Rule, Callable[[Case], str]] = {
    Rule.NOT_A_MEMBER: lambda case: _not_a_member(case.subject, case.organization.name),
    Rule.NOT_ENABLED: lambda case: f"{case.organization.name} does not restrict images.",
    Rule.OWNER: lambda case: (
        f"You are an owner of {case.organization.name}, and owners may pull any image."
    ),
    Rule.ORGANIZATION_IMAGE: lambda case: f"The image is one of {case.organization.name}'s own.",
    Rule.BLOCKED: _blocked,
    Rule.EXCEPTION: _excepted,
    Rule.OFFICIAL_ALLOWED: _allowed,
    Rule.OFFICIAL_RESTRICTED: _restricted,
    Rule.VERIFIED_PUBLISHER_ALLOWED: _allowed,
    Rule.VERIFIED_PUBLISHER_RESTRICTED: _restricted,
    Rule.COMMUNITY_RESTRICTED: _restricted,
    Rule.PUSH_ALLOWED: _push_allowed,
    Rule.PUSH_DENIED: _push_denied,
    Rule.TOKEN_SCOPE: lambda case: _narrowed(found_by(case, Rule.TOKEN_SCOPE)),
}
"""What one organization says for each rule it can decide by, but for D11, which quotes another."""
