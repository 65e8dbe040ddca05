"""The rules as tables, read from the top, first match wins (semantics, sections 3 and 4).

A row is the rule's number in semantics.md, the code it answers with (which says allow or deny:
`Rule.allows`) and the condition under which it matches. The tables are data so that explaining a
decision can walk the same rows that made it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from permissions.core.catalog import CatalogEntry
from permissions.core.facts import Facts, OrganizationFacts, Standing, Subject
from permissions.core.own_rules import EVERYONE, Audience, Effect, OwnRule, Target, targets_of
from permissions.core.policy import Category, Mode, Plan, Rule, SubjectKind, TokenScope
from permissions.core.reference import ImageReference, InvalidReference, Repository


@dataclass(frozen=True, slots=True)
class Asked:
    """One question before any organization is looked at."""

    facts: Facts
    action: str
    now: datetime
    reference: ImageReference | InvalidReference
    deciders: tuple[str, ...]

    @property
    def subject(self) -> Subject:
        return self.facts.subject

    @property
    def anonymous(self) -> bool:
        return self.subject.kind is SubjectKind.ANONYMOUS

    @property
    def pull(self) -> bool:
        return self.action == "pull"

    @property
    def open_to_anonymous(self) -> bool:
        registry = self.facts.registry
        return (
            registry is not None
            and registry.organization is None
            and registry.anonymous_pulls
            and self.facts.named is None
        )

    @property
    def members_only(self) -> bool:
        registry = self.facts.registry
        return registry is None or registry.requires_membership

    @property
    def at_own_registry(self) -> bool:
        """Whether the registry that asks is an organization's, which then is the one decider."""
        registry = self.facts.registry
        return registry is not None and registry.organization is not None

    @property
    def standing(self) -> Standing | None:
        """The subject's standing in the one organization that decides about a whole registry."""
        return next((self.subject.standings.get(name) for name in self.deciders), None)


@dataclass(frozen=True, slots=True)
class Case:
    """One question to one organization, with all that its rules look at."""

    asked: Asked
    organization: OrganizationFacts
    standing: Standing | None
    repository: Repository
    category: Category
    entry: CatalogEntry | None

    @property
    def subject(self) -> Subject:
        return self.asked.subject

    @property
    def owner(self) -> bool:
        return is_owner(self.subject, self.standing)

    @property
    def may_push(self) -> bool:
        """Owners, members of teams that can push, tokens of the organization with repo:write."""
        if self.subject.kind is SubjectKind.USER:
            return self.owner or (self.standing is not None and self.standing.can_push)
        scope = self.subject.token_scope
        return scope is not None and scope.covers(TokenScope.WRITE)

    @property
    def block(self) -> OwnRule | None:
        """The block that stands in the way of the image, the narrowest if there are several."""
        return self._own_rule(Effect.BLOCK, targets_of(self.repository, self.category))

    @property
    def exception(self) -> OwnRule | None:
        """The exception that lets the image through, the narrowest if there are several."""
        return self._own_rule(Effect.EXCEPTION, targets_of(self.repository, self.category))

    def own_rule(self, rule: Rule) -> OwnRule | None:
        """The organization's own rule behind a rule, where there is one."""
        if rule is Rule.BLOCKED:
            return self.block
        return self.exception if rule is Rule.EXCEPTION else None

    def allows(self, category: Category) -> bool:
        """Whether a category as a whole is open to the subject, single images aside."""
        if self._own_rule(Effect.BLOCK, [category]) is not None:
            return False
        policy = self.organization.policy
        return (
            (category is Category.OFFICIAL and policy.allow_official_images)
            or (category is Category.VERIFIED_PUBLISHER and policy.allow_verified_publishers)
            or self._own_rule(Effect.EXCEPTION, [category]) is not None
        )

    def _own_rule(self, effect: Effect, targets: list[Target]) -> OwnRule | None:
        audiences = audiences_of(self.subject, self.standing)
        return self.organization.own_rules.find(effect, targets, audiences, self.asked.now)


def is_owner(subject: Subject, standing: Standing | None) -> bool:
    """Only a user can be an owner: a token never is, whatever its standing says (D16)."""
    return subject.kind is SubjectKind.USER and standing is not None and standing.is_owner


def audiences_of(subject: Subject, standing: Standing | None) -> list[Audience]:
    """Whom a rule may be for to be for this subject, the narrowest first.

    Tokens and clusters are in no team and nobody's user: only rules for everyone match them (D7a).
    """
    if subject.kind is not SubjectKind.USER or standing is None:
        return [EVERYONE]
    return [Audience.user(subject.id), *map(Audience.team, sorted(standing.teams)), EVERYONE]


QuestionT = TypeVar("QuestionT")


@dataclass(frozen=True, slots=True)
class Row(Generic[QuestionT]):
    number: str
    rule: Rule
    applies: Callable[[QuestionT], bool]


def matching(rows: tuple[Row[QuestionT], ...], question: QuestionT) -> Iterator[Row[QuestionT]]:
    """Yield the rows that match, in order; only the first of them counts."""
    return (row for row in rows if row.applies(question))


PUSH_ACTIONS = frozenset({"push", "delete"})

_D2: Row[Asked] = Row("D2", Rule.UNKNOWN_SUBJECT, lambda q: not q.anonymous and not q.subject.live)
_O5_ANONYMOUS: Row[Asked] = Row("O5", Rule.ANONYMOUS_DENIED, lambda q: q.anonymous)

BEFORE_ANY_ORGANIZATION: tuple[Row[Asked], ...] = (
    Row("D1", Rule.INVALID_REFERENCE, lambda q: isinstance(q.reference, InvalidReference)),
    _D2,
    Row("O5", Rule.NOT_GOVERNED, lambda q: q.anonymous and q.pull and q.open_to_anonymous),
    _O5_ANONYMOUS,
    Row("D13", Rule.PUSH_DENIED, lambda q: not q.deciders and not q.pull),
    # A token without an organization is nobody's guest: only users can be ungoverned.
    Row("D16", Rule.NOT_A_MEMBER, lambda q: not q.deciders and q.subject.kind is SubjectKind.TOKEN),
    Row("O5", Rule.NOT_A_MEMBER, lambda q: not q.deciders and q.members_only),
    Row("O5", Rule.NOT_GOVERNED, lambda q: not q.deciders),
)

PULL: tuple[Row[Case], ...] = (
    Row("D3", Rule.NOT_A_MEMBER, lambda c: c.standing is None),
    Row("D4", Rule.NOT_ENABLED, lambda c: c.organization.plan is not Plan.BUSINESS),
    Row("D4", Rule.NOT_ENABLED, lambda c: not c.organization.policy.enabled),
    Row("D5", Rule.OWNER, lambda c: c.owner),
    Row("D6", Rule.ORGANIZATION_IMAGE, lambda c: c.category is Category.ORGANIZATION),
    Row("D7", Rule.BLOCKED, lambda c: c.block is not None),
    Row("D7", Rule.EXCEPTION, lambda c: c.exception is not None),
    Row(
        "D8",
        Rule.OFFICIAL_ALLOWED,
        lambda c: c.category is Category.OFFICIAL and c.organization.policy.allow_official_images,
    ),
    Row("D8", Rule.OFFICIAL_RESTRICTED, lambda c: c.category is Category.OFFICIAL),
    Row(
        "D9",
        Rule.VERIFIED_PUBLISHER_ALLOWED,
        lambda c: (
            c.category is Category.VERIFIED_PUBLISHER
            and c.organization.policy.allow_verified_publishers
        ),
    ),
    Row(
        "D9",
        Rule.VERIFIED_PUBLISHER_RESTRICTED,
        lambda c: c.category is Category.VERIFIED_PUBLISHER,
    ),
    Row("D10", Rule.COMMUNITY_RESTRICTED, lambda _: True),
    # D11 is no row: it turns a denial of D7 to D10 into an allow.
)

_RESTRICTIONS = frozenset(
    {
        Rule.BLOCKED,
        Rule.OFFICIAL_RESTRICTED,
        Rule.VERIFIED_PUBLISHER_RESTRICTED,
        Rule.COMMUNITY_RESTRICTED,
    }
)


def only_monitored(rule: Rule, organization: OrganizationFacts) -> bool:
    """D11: a denial of D7 to D10 by an organization that only watches what it would deny."""
    return organization.policy.mode is Mode.MONITOR and rule in _RESTRICTIONS


OTHER_ACTIONS: tuple[Row[Case], ...] = (
    Row("D3", Rule.NOT_A_MEMBER, lambda c: c.standing is None),
    Row("D13", Rule.PUSH_DENIED, lambda c: c.asked.action not in PUSH_ACTIONS),
    Row("D13", Rule.PUSH_DENIED, lambda c: c.category is not Category.ORGANIZATION),
    Row("D13", Rule.PUSH_DENIED, lambda c: not c.may_push),
    Row("D13", Rule.PUSH_ALLOWED, lambda _: True),
)

WHOLE_REGISTRY: tuple[Row[Asked], ...] = (
    _D2,
    _O5_ANONYMOUS,
    Row("D13", Rule.PUSH_DENIED, lambda q: not q.at_own_registry),
    Row("D3", Rule.NOT_A_MEMBER, lambda q: q.standing is None),
    Row("D13", Rule.PUSH_DENIED, lambda q: not is_owner(q.subject, q.standing)),
    # A list of every repository tells more than any limit to some of them may.
    Row("D16", Rule.TOKEN_SCOPE, lambda q: q.subject.token_limits is not None),
    Row("D16", Rule.TOKEN_SCOPE, lambda q: outside_scope(q.subject, q.action, None)),
    Row("D13", Rule.PUSH_ALLOWED, lambda _: True),
)


def outside_limits(subject: Subject, repository: Repository) -> bool:
    """D16: the credential is limited to repositories, and this is none of them."""
    limits = subject.token_limits
    return limits is not None and not any(limit.contains(repository) for limit in limits)


def outside_scope(subject: Subject, action: str, category: Category | None) -> bool:
    """D16: the credential's scope does not go as far as this action on such an image."""
    scope = subject.token_scope
    return scope is not None and not scope.permits(action, category)
