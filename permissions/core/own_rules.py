"""An organization's own rules: blocks and exceptions, for whom, and until when (D7)."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from permissions.core.policy import Category, Namespace, lies_in
from permissions.core.reference import (
    HUB,
    InvalidReference,
    Repository,
    fold,
    fold_host,
    means_host,
    parse,
    parse_namespace,
    path_prefixes,
    spelled,
)
from permissions.core.text import shown

MAX_TARGET_LENGTH = 512
MAX_REASON_LENGTH = 300

OWNERS_TEAM = "owners"

_EVERYTHING_BELOW = "/*"


class Effect(StrEnum):
    BLOCK = "block"
    EXCEPTION = "exception"

    __hash__ = str.__hash__  # an enumeration's own is not as quick


BLOCK, EXCEPTION = Effect


class AudienceKind(StrEnum):
    EVERYONE = "everyone"
    TEAM = "team"
    USER = "user"

    __hash__ = str.__hash__


_, _TEAM, _USER = AudienceKind


class Audience(NamedTuple):
    """Whom a rule is for, among the members of its organization."""

    kind: AudienceKind
    name: str = ""

    @classmethod
    def team(cls, name: str) -> "Audience":
        return cls(_TEAM, name)

    @classmethod
    def user(cls, name: str) -> "Audience":
        return cls(_USER, name)

    def __str__(self) -> str:
        return f"{self.kind} {self.name}" if self.name else self.kind.value


EVERYONE = Audience(AudienceKind.EVERYONE)

Target: TypeAlias = Repository | Namespace | Category
"""What a rule is about: one repository, whatever lies in a namespace, or a whole category."""


class InvalidTarget(ValueError):
    """A text that names nothing a rule can be about; `str()` is a sentence for people."""


def parse_target(text: str, mirrors: AbstractSet[str] = frozenset()) -> Target:
    """Read a target as an owner types it: `docker.io/randomdev/tool`, `randomdev/*`, `community`.

    A word that is a category is the category; its namesake on Docker Hub is `library/official`.
    What is read is folded as images are (C6, C7), `mirrors` being the folded hosts of connected
    registries that mirror Docker Hub: so a rule is found however its images are asked for. Raises
    `InvalidTarget`.
    """
    _refuse_long(text)
    if text in frozenset(Category):
        return Category(text)
    try:
        namespace = text.endswith(_EVERYTHING_BELOW)
        target = _namespace(text, mirrors) if namespace else _repository(text, mirrors)
    except InvalidReference as error:
        raise InvalidTarget(str(error)) from error
    _refuse_long(format_target(target))
    return target


def format_target(target: Target) -> str:
    """Return the one spelling of a target, which `parse_target` reads as the same target."""
    if isinstance(target, Category):
        return target.value
    below = _EVERYTHING_BELOW if isinstance(target, Namespace) else ""
    return f"{spelled(target.host)}/{target.path}{below}"


def _refuse_long(text: str) -> None:
    if len(text) > MAX_TARGET_LENGTH:
        raise InvalidTarget(
            f"The target is {len(text)} characters long: at most {MAX_TARGET_LENGTH} are allowed."
        )


def _repository(text: str, mirrors: AbstractSet[str]) -> Repository:
    reference = parse(text)
    if reference.tag is not None or reference.digest is not None:
        raise InvalidTarget(
            f"The target {shown(text)} has a tag or a digest: "
            "a rule holds for all images of a repository, so leave that out."
        )
    if "/" not in text and means_host(text):
        raise _whole_registry(text)
    return fold(reference, frozenset(mirrors))


def _namespace(text: str, mirrors: AbstractSet[str]) -> Namespace:
    host, path = parse_namespace(text.removesuffix(_EVERYTHING_BELOW))
    if not path:
        raise _whole_registry(text)
    return Namespace(HUB if fold_host(host) in mirrors else host, path)


def _whole_registry(text: str) -> InvalidTarget:
    return InvalidTarget(
        f"The target {shown(text)} is a whole registry: name a namespace or a repository on it."
    )


@dataclass(frozen=True, slots=True)
class OwnRule:
    """One block or exception; `id` is the caller's, and names it in decisions and explanations.

    It is in force while the time is before `ends_at`, forever without one. Raises `ValueError`
    for an end without a time zone, which no caller may give.
    """

    id: int | str
    effect: Effect
    target: Target
    audience: Audience = EVERYONE
    ends_at: datetime | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        if self.ends_at is not None and self.ends_at.tzinfo is None:
            raise ValueError("The end of a rule needs a time zone.")

    def in_force(self, now: datetime) -> bool:
        return self.ends_at is None or now < self.ends_at

    @property
    def end(self) -> str:
        """The end in words, for sentences; empty without one."""
        if self.ends_at is None:
            return ""
        return f"{self.ends_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def rule_problem(rule: OwnRule, namespaces: AbstractSet[Namespace], now: datetime) -> str | None:
    """Say in one sentence why an organization can't enter a rule (D7a), or return None.

    `namespaces` are the organization's own. Whether the team or the user exists is not asked here.
    """
    return next(_problems(rule, namespaces, now), None)


def _problems(rule: OwnRule, namespaces: AbstractSet[Namespace], now: datetime) -> Iterator[str]:
    if rule.target is Category.ORGANIZATION or _is_own(rule.target, namespaces):
        yield (
            "The organization's own images are always allowed, so a rule on them would change "
            "nothing: name other images."
        )
    if _opens_community(rule):
        yield (
            "An exception for all community images can't be for everyone, as nothing would be "
            "restricted any more: name a team or a user, or single repositories and namespaces."
        )
    if rule.audience.kind is not AudienceKind.EVERYONE and not rule.audience.name:
        yield f"The rule is for a {rule.audience.kind} without a name: name one."
    if rule.audience == Audience.team(OWNERS_TEAM):
        yield "Owners may pull any image, so a rule for them would change nothing: name others."
    if not rule.in_force(now):
        yield f"The rule would have ended already, on {rule.end}: choose a later end, or none."
    if len(rule.reason) > MAX_REASON_LENGTH:
        yield (
            f"The reason is {len(rule.reason)} characters long: "
            f"at most {MAX_REASON_LENGTH} are allowed."
        )
    if not rule.reason.isprintable():
        yield "The reason holds a line break or another control character: write it on one line."


def _is_own(target: Target, namespaces: AbstractSet[Namespace]) -> bool:
    """Whether D6 answers for all that the target holds, so that the rule would never be reached."""
    # What is wider than an own namespace stays a rule: on the images around that namespace.
    return not isinstance(target, Category) and lies_in(
        Repository(target.host, target.path), namespaces
    )


def _opens_community(rule: OwnRule) -> bool:
    return (
        rule.effect is Effect.EXCEPTION
        and rule.target is Category.COMMUNITY
        and rule.audience == EVERYONE
    )


@dataclass(frozen=True, slots=True)
class OwnRules:
    """All own rules of one organization, found by dictionary look-ups however many there are."""

    rules: tuple[OwnRule, ...] = ()
    _found_by: Mapping[Effect, Mapping[str, Mapping[Audience, OwnRule]]] = field(
        init=False, repr=False, compare=False
    )
    _ends: tuple[datetime, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        rules = tuple(self.rules)
        found_by: dict[Effect, dict[str, dict[Audience, OwnRule]]] = {}
        for rule in rules:
            targets = found_by.setdefault(rule.effect, {})
            audiences = targets.setdefault(format_target(rule.target), {})
            # Of rules alike the one that lasts longest is in force whenever any of them is.
            audiences[rule.audience] = _longer(audiences.get(rule.audience, rule), rule)
        ends = sorted({rule.ends_at for rule in rules if rule.ends_at is not None})
        object.__setattr__(self, "rules", rules)
        object.__setattr__(self, "_found_by", found_by)
        object.__setattr__(self, "_ends", tuple(ends))

    def has(self, effect: Effect, targets: Sequence[str]) -> bool:
        """Whether there is any rule of an effect on any of the targets, whoever it is for, in force
        or not. They are as `format_target` writes them."""
        found_by = self._found_by.get(effect)
        if found_by is not None:
            for target in targets:
                if target in found_by:
                    return True
        return False

    def next_end(self, now: datetime) -> datetime | None:
        """When the next of the rules that are in force ends, or None."""
        coming = bisect_right(self._ends, now)
        return self._ends[coming] if coming < len(self._ends) else None

    def find(
        self,
        effect: Effect,
        targets: Iterable[str],
        audiences: Sequence[Audience],
        now: datetime,
    ) -> OwnRule | None:
        """Return the rule in force of an effect on any of the targets for any of the audiences.

        The targets are as `format_target` writes them. Of several rules, one on an earlier target,
        then for an earlier audience.
        """
        found_by = self._found_by.get(effect, {})
        for target in targets:
            rules = found_by.get(target)
            if rules is None:
                continue
            for audience in audiences:
                rule = rules.get(audience)
                if rule is not None and rule.in_force(now):
                    return rule
        return None


def targets_of(repository: Repository, category: Category) -> list[str]:
    """Return every target that a folded repository falls under, the narrowest first.

    They are written as by `format_target`: texts are found faster than what they stand for.
    """
    host = spelled(repository.host)
    namespaces = [f"{host}/{path}{_EVERYTHING_BELOW}" for path in path_prefixes(repository.path)]
    return [f"{host}/{repository.path}", *reversed(namespaces), category]


def _longer(one: OwnRule, other: OwnRule) -> OwnRule:
    """Return the one that ends later; of two that end together, the first."""
    if one.ends_at is None or (other.ends_at is not None and other.ends_at <= one.ends_at):
        return one
    return other
