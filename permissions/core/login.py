"""May somebody sign in to a registry, before any image is named."""

from dataclasses import dataclass

from permissions.core.facts import Registry, Subject
from permissions.core.policy import Rule, SubjectKind


@dataclass(frozen=True, slots=True)
class LoginDecision:
    """The answer, with the rule and the sentence for people."""

    allowed: bool
    rule: Rule
    reason: str


def decide_login(subject: Subject, registry: Registry) -> LoginDecision:
    """Decide a sign-in to a registry: O0, then O5's demand for membership, said as S2 says it."""
    anonymous = subject.kind is SubjectKind.ANONYMOUS
    if anonymous and registry.anonymous_pulls and registry.organization is None:
        return LoginDecision(True, Rule.NOT_GOVERNED, "Nobody needs to sign in here.")
    if anonymous:
        return _refused(Rule.ANONYMOUS_DENIED, "Sign in first: run docker login, then try again.")
    if not subject.live:
        return _refused(
            Rule.UNKNOWN_SUBJECT, "This account is not active. Ask an administrator of this site."
        )
    if registry.requires_membership and not _belongs(subject, registry):
        to_whom = registry.organization or "an organization here"
        return _refused(Rule.NOT_A_MEMBER, only_for_members(to_whom))
    return LoginDecision(True, Rule.NOT_GOVERNED, "You may sign in.")


def only_for_members(whose: str, *, of_several: bool = False) -> str:
    """Say who may sign in, and what everybody else can do (S2), on machines and at registries."""
    owners = "their" if of_several else "its"
    return (
        f"Sign-in is only for members of {whose}. Ask one of {owners} owners for an invitation, "
        "or sign in with another account."
    )


def _belongs(subject: Subject, registry: Registry) -> bool:
    if registry.organization is None:
        return bool(subject.standings)
    return registry.organization in subject.standings


def _refused(rule: Rule, reason: str) -> LoginDecision:
    return LoginDecision(False, rule, reason)
