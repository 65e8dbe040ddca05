"""Whom other rules would have refused: what was pulled, decided again, by the core itself."""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from permissions.core.decision import Decision, Request, decide
from permissions.core.facts import Facts, Standing, Subject
from permissions.core.own_rules import EVERYONE, AudienceKind, Effect, OwnRules
from permissions.core.policy import RESTRICTIONS, Category, Policy, Rule, SubjectKind
from permissions.core.reference import Repository, spelled


@dataclass(frozen=True, slots=True)
class Pulled:
    """How often one subject pulled one repository, and how many of these pulls were refused
    because of restrictions. The repository is the folded one, as decisions give it."""

    subject: Subject
    repository: str
    count: int
    refused: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """What would have been refused, and by which rule."""

    pulled: Pulled
    rule: Rule
    category: Category


@dataclass(frozen=True, slots=True)
class RepositoryImpact:
    repository: str
    category: Category
    rule: Rule
    pulls: int
    subjects: tuple[Subject, ...]  # most affected first; only the first few
    subject_count: int


@dataclass(frozen=True, slots=True)
class SubjectImpact:
    subject: Subject
    pulls: int
    repository_count: int


@dataclass(frozen=True, slots=True)
class Impact:
    """What a wished-for policy would have refused: the most affected first, and all in numbers.

    `refused_before` of the refused pulls were refused in fact; `released` pulls were too, and
    would have gone through.
    """

    refused: int
    refused_before: int
    released: int
    repositories: tuple[RepositoryImpact, ...]
    repository_count: int
    subjects: tuple[SubjectImpact, ...]
    subject_count: int


def wishing(facts: Facts, organization: str, policy: Policy) -> Facts:
    """The same facts, if the organization had this policy."""
    wished = replace(facts.organizations[organization], policy=policy)
    return replace(facts, organizations={organization: wished})


def reference(repository: str) -> str:
    """The folded name of a repository as it must be written to be read as the same again."""
    host, _, path = repository.partition("/")
    return str(Repository(spelled(host), path))


def could_refuse(
    facts: Facts, organization: str, repositories: Iterable[str], now: datetime
) -> list[str]:
    """Which repositories anybody in the organization could be refused; the others nobody is.

    Answered for a member in no team, without any exception, and with every block for everyone:
    whoever is decided about in truth is refused no more than that.
    """
    judging = facts.organizations[organization]
    blocks = tuple(
        replace(rule, audience=EVERYONE)
        for rule in judging.own_rules.rules
        if rule.effect is Effect.BLOCK
    )
    strictest = replace(judging, own_rules=OwnRules(blocks))
    standing = {organization: Standing(is_owner=False, can_push=False)}
    somebody = Subject(SubjectKind.USER, "", live=True, standings=standing)
    asked = replace(facts, subject=somebody, organizations={organization: strictest})
    return [
        repository
        for repository in repositories
        if refusing_rule(decide(asked, Request(reference(repository)), now)) is not None
    ]


def refusing_rule(decision: Decision) -> Rule | None:
    """The restriction that refuses, or would if it were not only monitored; None if none does."""
    rule = decision.would_have or decision.rule
    return rule if rule in RESTRICTIONS else None


def impact(
    facts: Facts, organization: str, pulled: Iterable[Pulled], now: datetime, most: int
) -> Impact:
    """Decide again about what was pulled, from the facts given, and add up what is refused.

    `facts.subject` is not looked at: each pull brings its own. Lists are cut at `most`.
    """
    refusals: list[Refusal] = []
    released = 0
    for one, decision in _decided_again(facts, organization, pulled, now):
        rule = refusing_rule(decision)
        if rule is None:
            released += one.refused
        else:
            assert decision.category is not None  # restrictions are of an organization
            refusals.append(Refusal(one, rule, decision.category))
    repositories = list(_by_repository(refusals, most))
    subjects = list(_by_subject(refusals))
    return Impact(
        refused=sum(refusal.pulled.count for refusal in refusals),
        refused_before=sum(refusal.pulled.refused for refusal in refusals),
        released=released,
        repositories=tuple(repositories[:most]),
        repository_count=len(repositories),
        subjects=tuple(subjects[:most]),
        subject_count=len(subjects),
    )


def _decided_again(
    facts: Facts, organization: str, pulled: Iterable[Pulled], now: datetime
) -> Iterator[tuple[Pulled, Decision]]:
    """Decide each pull; once for all subjects who are the same to every rule.

    Those are of one kind, with one standing, and none of them is a user whom a rule names.
    """
    own_rules = facts.organizations[organization].own_rules.rules
    named = {rule.audience.name for rule in own_rules if rule.audience.kind is AudienceKind.USER}
    known: dict[Hashable, Decision] = {}
    for one in pulled:
        subject = one.subject
        alike = (
            subject.kind,
            subject.id if subject.id in named else "",
            subject.standings.get(organization),
            one.repository,
        )
        if alike not in known:
            asked = replace(facts, subject=subject)
            known[alike] = decide(asked, Request(reference(one.repository)), now)
        yield one, known[alike]


def _by_repository(refusals: Iterable[Refusal], most: int) -> Iterator[RepositoryImpact]:
    groups: dict[str, list[Refusal]] = {}
    for refusal in refusals:
        groups.setdefault(refusal.pulled.repository, []).append(refusal)
    for repository, group in sorted(groups.items(), key=lambda item: (-_pulls(item[1]), item[0])):
        group.sort(key=lambda refusal: (-refusal.pulled.count, refusal.pulled.subject.id))
        yield RepositoryImpact(
            repository=repository,
            category=group[0].category,
            rule=group[0].rule,
            pulls=_pulls(group),
            subjects=tuple(refusal.pulled.subject for refusal in group[:most]),
            subject_count=len(group),
        )


def _by_subject(refusals: Iterable[Refusal]) -> Iterator[SubjectImpact]:
    pulls: Counter[tuple[SubjectKind, str]] = Counter()
    repositories: Counter[tuple[SubjectKind, str]] = Counter()
    subjects: dict[tuple[SubjectKind, str], Subject] = {}
    for refusal in refusals:
        subject = refusal.pulled.subject
        key = (subject.kind, subject.id)
        subjects[key] = subject
        pulls[key] += refusal.pulled.count
        repositories[key] += 1
    for key in sorted(subjects, key=lambda key: (-pulls[key], key)):
        yield SubjectImpact(subjects[key], pulls[key], repositories[key])


def _pulls(refusals: Iterable[Refusal]) -> int:
    return sum(refusal.pulled.count for refusal in refusals)
