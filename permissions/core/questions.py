"""What the rules are asked, with all that they look at.

`Asked` is the question before any organization is looked at, `Case` the one to an organization,
`Found` the one about an answer that is found already.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from permissions.core.catalog import CatalogEntry
from permissions.core.classify import classify, fold_for
from permissions.core.deciders import deciders
from permissions.core.facts import Facts, OrganizationFacts, Standing, Subject
from permissions.core.own_rules import (
    BLOCK,
    EVERYONE,
    EXCEPTION,
    Audience,
    Effect,
    OwnRule,
    targets_of,
)
from permissions.core.policy import (
    OFFICIAL,
    ORGANIZATION,
    RESTRICTIONS,
    VERIFIED_PUBLISHER,
    Category,
    Mode,
    Rule,
    SubjectKind,
    TokenScope,
)
from permissions.core.reference import ImageReference, InvalidReference, Repository, parse

PUSH_ACTIONS = frozenset({"push", "delete"})

# Found once, as for every question it would take Python 3.11 too long (see policy.py).
_ANONYMOUS, _USER = SubjectKind.ANONYMOUS, SubjectKind.USER
_BLOCKED, _EXCEPTION = Rule.BLOCKED, Rule.EXCEPTION
_MONITOR = Mode.MONITOR


class Asked(NamedTuple):
    """One question before any organization is looked at."""

    facts: Facts
    subject: Subject
    action: str
    now: datetime
    reference: ImageReference | InvalidReference
    deciders: tuple[str, ...]
    anonymous: bool

    @property
    def readable(self) -> ImageReference:
        if isinstance(self.reference, InvalidReference):
            raise self.reference  # never: D1 comes before all that needs to know the image
        return self.reference

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
    def gets_to_organizations(self) -> bool:
        """Whether organizations are asked at all: it can be read, and some of them decide."""
        return bool(self.deciders) and not isinstance(self.reference, InvalidReference)

    @property
    def standing(self) -> Standing | None:
        """The subject's standing in the one organization that decides about a whole registry."""
        return next((self.subject.standings.get(name) for name in self.deciders), None)


class Case(NamedTuple):
    """One question to one organization, with all that its rules look at.

    `block` is the organization's own rule that stands in the way of the image, `exception` the one
    that lets it through: the narrowest, if there are several.
    """

    asked: Asked
    subject: Subject
    organization: OrganizationFacts
    standing: Standing | None
    repository: Repository
    category: Category
    entry: CatalogEntry | None
    block: OwnRule | None
    exception: OwnRule | None

    @property
    def owner(self) -> bool:
        return is_owner(self.subject, self.standing)

    @property
    def may_push(self) -> bool:
        """Owners, members of teams that can push, tokens of the organization with repo:write."""
        if self.subject.kind is _USER:
            return self.owner or (self.standing is not None and self.standing.can_push)
        scope = self.subject.token_scope
        return scope is not None and scope.covers(TokenScope.WRITE)

    @property
    def may_be_changed(self) -> bool:
        """Whether there is anything that may still change an answer (`rules.AFTERWARDS`)."""
        subject = self.subject
        return (
            subject.token_scope is not None
            or subject.token_limits is not None
            or self.organization.policy.mode is _MONITOR
        )

    def own_rule(self, rule: Rule) -> OwnRule | None:
        """The organization's own rule behind a rule, where there is one."""
        if rule is _BLOCKED:
            return self.block
        return self.exception if rule is _EXCEPTION else None

    def allows(self, category: Category) -> bool:
        """Whether a category as a whole is open to the subject, single images aside."""
        if self._on_whole(category, BLOCK) is not None:
            return False
        policy = self.organization.policy
        return (
            (category is OFFICIAL and policy.allow_official_images)
            or (category is VERIFIED_PUBLISHER and policy.allow_verified_publishers)
            or self._on_whole(category, EXCEPTION) is not None
        )

    def _on_whole(self, category: Category, effect: Effect) -> OwnRule | None:
        return _own_rule(effect, [category], self.asked, self.organization, self.standing)


class Found(NamedTuple):
    """The rule that matched, and what may still change the answer; None for no organization's."""

    rule: Rule
    asked: Asked
    subject: Subject
    repository: Repository
    category: Category | None
    organization: OrganizationFacts | None

    @property
    def only_monitored(self) -> bool:
        """D11: a denial of D7 to D10 by an organization that only watches what it would deny."""
        return (
            self.organization is not None
            and self.organization.policy.mode is _MONITOR
            and self.rule in RESTRICTIONS
        )

    @property
    def allowed(self) -> bool:
        return self.rule.allows or self.only_monitored


def ask(facts: Facts, image: str, action: str, now: datetime) -> Asked:
    """Return the question whether an action on an image is allowed, whatever text either is."""
    deciding = deciders(
        subject=facts.subject,
        registry=facts.registry,
        named=facts.named,
        action=action,
        namespace_owner=facts.namespace_owner,
    )
    subject = facts.subject
    anonymous = subject.kind is _ANONYMOUS
    return Asked(facts, subject, action, now, _read(image), deciding, anonymous)


def case_of(asked: Asked, name: str) -> Case:
    """Return the question to one of the organizations that decide.

    Raises `KeyError` when the facts lack it.
    """
    organization = asked.facts.organizations[name]
    repository = fold_for(asked.readable, asked.facts, organization)
    category, entry = classify(repository, asked.facts, organization)
    subject = asked.subject
    standing = subject.standings.get(name)
    block = exception = None
    # Own rules are found in no time, but what they would match has to be listed for that; and an
    # organization's own images are decided before them (D6).
    if organization.own_rules.rules and category is not ORGANIZATION:
        targets = targets_of(repository, category)
        block = _own_rule(BLOCK, targets, asked, organization, standing)
        exception = _own_rule(EXCEPTION, targets, asked, organization, standing)
    return Case(
        asked, subject, organization, standing, repository, category, entry, block, exception
    )


def _own_rule(
    effect: Effect,
    targets: Sequence[str],
    asked: Asked,
    organization: OrganizationFacts,
    standing: Standing | None,
) -> OwnRule | None:
    """The organization's rule in force on any of the targets that is for who asks."""
    own_rules = organization.own_rules
    if not own_rules.has(effect, targets):
        return None
    return own_rules.find(effect, targets, audiences_of(asked.subject, standing), asked.now)


def found_by(case: Case, rule: Rule) -> Found:
    """Return the question what may still change the answer of one organization."""
    return Found(rule, case.asked, case.subject, case.repository, case.category, case.organization)


def found_before(asked: Asked, rule: Rule) -> Found:
    """Return the question what may still change an answer that needed no organization."""
    repository = fold_for(asked.readable, asked.facts, None)
    return Found(rule, asked, asked.subject, repository, None, None)


def _read(image: str) -> ImageReference | InvalidReference:
    try:
        return parse(image)
    except InvalidReference as error:
        return error


def is_owner(subject: Subject, standing: Standing | None) -> bool:
    """Only a user can be an owner: a token never is, whatever its standing says (D16)."""
    return subject.kind is _USER and standing is not None and standing.is_owner


def audiences_of(subject: Subject, standing: Standing | None) -> list[Audience]:
    """Whom a rule may be for to be for this subject, the narrowest first.

    Tokens and clusters are in no team and nobody's user: only rules for everyone match them (D7a).
    """
    if subject.kind is not _USER or standing is None:
        return [EVERYONE]
    user = Audience.user(subject.id)
    if not standing.teams:
        return [user, EVERYONE]
    return [user, *map(Audience.team, sorted(standing.teams)), EVERYONE]


def outside_limits(subject: Subject, repository: Repository) -> bool:
    """D16: the credential is limited to repositories, and this is none of them."""
    limits = subject.token_limits
    return limits is not None and not any(limit.contains(repository) for limit in limits)


def outside_scope(subject: Subject, action: str, category: Category | None) -> bool:
    """D16: the credential's scope does not go as far as this action on such an image."""
    scope = subject.token_scope
    return scope is not None and not scope.permits(action, category)
