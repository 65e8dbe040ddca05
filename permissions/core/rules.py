"""The rules as tables, read from the top, first match wins (semantics, sections 3 and 4).

A row is the rule's number in semantics.md, the code it answers with (which says allow or deny:
`Rule.allows`), the condition under which it matches, and what that condition looks at, in words.
The tables are data so that explaining a decision walks the same rows that made it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from permissions.core import looked_at
from permissions.core.policy import (
    OFFICIAL,
    ORGANIZATION,
    VERIFIED_PUBLISHER,
    Plan,
    Rule,
    SubjectKind,
)
from permissions.core.questions import (
    PUSH_ACTIONS,
    Asked,
    Case,
    Found,
    is_owner,
    outside_limits,
    outside_scope,
)
from permissions.core.reference import InvalidReference

QuestionT = TypeVar("QuestionT")

_BUSINESS, _USER = Plan.BUSINESS, SubjectKind.USER


@dataclass(frozen=True, slots=True)
class Row(Generic[QuestionT]):
    number: str
    rule: Rule
    applies: Callable[[QuestionT], bool]
    fact: Callable[[QuestionT], str]


def first_match(rows: tuple[Row[QuestionT], ...], question: QuestionT) -> Row[QuestionT] | None:
    """Return the first row that matches, the only one that counts."""
    for row in rows:
        if row.applies(question):
            return row
    return None


_D2: Row[Asked] = Row(
    "D2",
    Rule.UNKNOWN_SUBJECT,
    lambda q: not q.anonymous and not q.subject.live,
    looked_at.account,
)
_O5_ANONYMOUS: Row[Asked] = Row(
    "O5", Rule.ANONYMOUS_DENIED, lambda q: q.anonymous, looked_at.account
)

BEFORE_ANY_ORGANIZATION: tuple[Row[Asked], ...] = (
    Row(
        "D1",
        Rule.INVALID_REFERENCE,
        lambda q: isinstance(q.reference, InvalidReference),
        looked_at.reading,
    ),
    _D2,
    Row(
        "O5",
        Rule.NOT_GOVERNED,
        lambda q: q.anonymous and q.pull and q.open_to_anonymous,
        looked_at.anonymous_pulls,
    ),
    _O5_ANONYMOUS,
    Row(
        "D13",
        Rule.PUSH_DENIED,
        lambda q: not q.deciders and not q.pull,
        looked_at.deciders_of_action,
    ),
    # A token or a cluster without an organization is nobody's guest: only users are ungoverned.
    Row(
        "D16",
        Rule.NOT_A_MEMBER,
        lambda q: not q.deciders and q.subject.kind is not _USER,
        looked_at.deciders_of_kind,
    ),
    Row(
        "O5",
        Rule.NOT_A_MEMBER,
        lambda q: not q.deciders and q.members_only,
        looked_at.required_membership,
    ),
    Row("O5", Rule.NOT_GOVERNED, lambda q: not q.deciders, looked_at.deciders),
)

_D3: Row[Case] = Row("D3", Rule.NOT_A_MEMBER, lambda c: c.standing is None, looked_at.membership)

PULL: tuple[Row[Case], ...] = (
    _D3,
    Row(
        "D4",
        Rule.NOT_ENABLED,
        lambda c: c.organization.plan is not _BUSINESS,
        looked_at.plan,
    ),
    Row(
        "D4",
        Rule.NOT_ENABLED,
        lambda c: not c.organization.policy.enabled,
        looked_at.switch,
    ),
    Row("D5", Rule.OWNER, lambda c: c.owner, looked_at.ownership),
    Row(
        "D6",
        Rule.ORGANIZATION_IMAGE,
        lambda c: c.category is ORGANIZATION,
        looked_at.category,
    ),
    Row("D7", Rule.BLOCKED, lambda c: c.block is not None, looked_at.block),
    Row("D7", Rule.EXCEPTION, lambda c: c.exception is not None, looked_at.exception),
    Row(
        "D8",
        Rule.OFFICIAL_ALLOWED,
        lambda c: c.category is OFFICIAL and c.organization.policy.allow_official_images,
        looked_at.official,
    ),
    Row(
        "D8",
        Rule.OFFICIAL_RESTRICTED,
        lambda c: c.category is OFFICIAL,
        looked_at.official,
    ),
    Row(
        "D9",
        Rule.VERIFIED_PUBLISHER_ALLOWED,
        lambda c: (
            c.category is VERIFIED_PUBLISHER and c.organization.policy.allow_verified_publishers
        ),
        looked_at.verified_publishers,
    ),
    Row(
        "D9",
        Rule.VERIFIED_PUBLISHER_RESTRICTED,
        lambda c: c.category is VERIFIED_PUBLISHER,
        looked_at.verified_publishers,
    ),
    Row("D10", Rule.COMMUNITY_RESTRICTED, lambda _: True, looked_at.category),
)

OTHER_ACTIONS: tuple[Row[Case], ...] = (
    _D3,
    Row(
        "D13",
        Rule.PUSH_DENIED,
        lambda c: c.asked.action not in PUSH_ACTIONS,
        looked_at.action,
    ),
    Row(
        "D13",
        Rule.PUSH_DENIED,
        lambda c: c.category is not ORGANIZATION,
        looked_at.category,
    ),
    Row("D13", Rule.PUSH_DENIED, lambda c: not c.may_push, looked_at.pushing),
    Row("D13", Rule.PUSH_ALLOWED, lambda _: True, looked_at.pushing),
)

# What may still change an answer that was found; where nothing matches, it stands. A credential
# that goes less far is looked at first, as a dry run must not let more through than enforcing.
AFTERWARDS: tuple[Row[Found], ...] = (
    Row(
        "D16",
        Rule.TOKEN_SCOPE,
        lambda f: f.allowed and outside_limits(f.subject, f.repository),
        looked_at.limits,
    ),
    Row(
        "D16",
        Rule.TOKEN_SCOPE,
        lambda f: f.allowed and outside_scope(f.subject, f.asked.action, f.category),
        looked_at.scope,
    ),
    Row("D11", Rule.MONITORED, lambda f: f.only_monitored, looked_at.mode),
)

WHOLE_REGISTRY: tuple[Row[Asked], ...] = (
    _D2,
    _O5_ANONYMOUS,
    Row(
        "D13",
        Rule.PUSH_DENIED,
        lambda q: not q.at_own_registry,
        looked_at.own_registry,
    ),
    Row(
        "D3",
        Rule.NOT_A_MEMBER,
        lambda q: q.standing is None,
        looked_at.membership_at_registry,
    ),
    Row(
        "D13",
        Rule.PUSH_DENIED,
        lambda q: not is_owner(q.subject, q.standing),
        looked_at.ownership_at_registry,
    ),
    # A list of every repository tells more than any limit to some of them may.
    Row(
        "D16",
        Rule.TOKEN_SCOPE,
        lambda q: q.subject.token_limits is not None,
        looked_at.limits_at_registry,
    ),
    Row(
        "D16",
        Rule.TOKEN_SCOPE,
        lambda q: outside_scope(q.subject, q.action, None),
        looked_at.scope_at_registry,
    ),
    Row("D13", Rule.PUSH_ALLOWED, lambda _: True, looked_at.ownership_at_registry),
)


def rows_for(case: Case) -> tuple[Row[Case], ...]:
    """Return the table by which an organization decides about an action."""
    return PULL if case.asked.pull else OTHER_ACTIONS


def rule_for(case: Case) -> Rule:
    """Return the first rule that matches in one organization."""
    row = first_match(rows_for(case), case)
    assert row is not None  # the last row of either table matches whatever comes
    return row.rule


def settled(found: Found) -> Rule:
    """Return the rule that answers in the end."""
    row = first_match(AFTERWARDS, found)
    return found.rule if row is None else row.rule
