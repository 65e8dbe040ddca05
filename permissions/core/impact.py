"""Whom other rules would have refused: what was pulled, decided again, by the core itself."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from heapq import nsmallest
from typing import NamedTuple

from permissions.core.decision import Decision, Request, decide
from permissions.core.facts import Facts, Standing, Subject
from permissions.core.own_rules import AudienceKind, OwnRules
from permissions.core.policy import RESTRICTIONS, Category, Policy, Rule, SubjectKind
from permissions.core.reference import Repository, spelled


class Puller(NamedTuple):
    """Somebody who pulled, narrowed by no credential; without a standing if they are no member."""

    kind: SubjectKind
    id: str
    standing: Standing | None


@dataclass(frozen=True, slots=True)
class Pulled:
    """How often each puller pulled one repository, and how many of these pulls were refused
    because of restrictions: by the puller's place in a list, only where there were any.

    The repository is the folded one, as decisions give it.
    """

    repository: str
    counts: Mapping[int, int]
    refused: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Refusal:
    """By which rule a repository would have been refused, and of what category it is."""

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


def refusing_rule(decision: Decision) -> Rule | None:
    """The restriction that refuses, or would if it were not only monitored; None if none does."""
    rule = decision.would_have or decision.rule
    return rule if rule in RESTRICTIONS else None


def impact(
    facts: Facts,
    organization: str,
    pullers: Sequence[Puller],
    pulled: Iterable[Pulled],
    now: datetime,
    most: int,
) -> Impact:
    """Decide again about what was pulled, from the facts given, and add up what is refused.

    `facts.subject` is not looked at: those are asked about whose numbers stand in `pulled`, once
    for all who are the same to every rule. Lists are cut at `most`.
    """
    alike = Alike(pullers, facts.organizations[organization].own_rules)
    tally = _Tally(organization, pullers, alike.group_of)
    asked = [replace(facts, subject=_subject(one, organization)) for one in alike.examples]
    for one in pulled:
        request = Request(reference(one.repository))
        groups = set(map(alike.group_of.__getitem__, one.counts))
        tally.add(one, {group: _refusal(decide(asked[group], request, now)) for group in groups})
    return tally.impact(most)


class Alike:
    """Which of those who pulled are the same to every rule about pulls.

    Those are of one kind and one standing, so far as rules look at it: an owner or not, and in
    which of the teams that rules name; and none of them is a user whom a rule names.
    """

    def __init__(self, pullers: Iterable[Puller], own_rules: OwnRules) -> None:
        audiences = [rule.audience for rule in own_rules.rules]
        teams = {one.name for one in audiences if one.kind is AudienceKind.TEAM}
        users = {one.name for one in audiences if one.kind is AudienceKind.USER}
        groups: dict[Hashable, int] = {}
        self.examples: list[Puller] = []
        """One of each group."""
        self.group_of: list[int] = []
        """The number of the group of each, in their order."""
        for puller in pullers:
            kind, name, standing = puller
            looked_at = standing and (standing.is_owner, standing.teams & teams)
            key = (kind, name if name in users else "", looked_at)
            group = groups.setdefault(key, len(groups))
            if group == len(self.examples):
                self.examples.append(puller)
            self.group_of.append(group)


def _refusal(decision: Decision) -> Refusal | None:
    rule = refusing_rule(decision)
    if rule is None:
        return None
    assert decision.category is not None  # restrictions are of an organization
    return Refusal(rule, decision.category)


def _subject(puller: Puller, organization: str) -> Subject:
    standings = {} if puller.standing is None else {organization: puller.standing}
    return Subject(puller.kind, puller.id, live=True, standings=standings)


class _Tally:
    """What is refused, added up repository by repository."""

    def __init__(
        self, organization: str, pullers: Sequence[Puller], group_of: Sequence[int]
    ) -> None:
        self._organization, self._pullers, self._group_of = organization, pullers, group_of
        self._refused = self._refused_before = self._released = 0
        self._pulls = [0] * len(pullers)
        self._repository_counts = [0] * len(pullers)
        self._repositories: list[_RefusedRepository] = []

    def add(self, pulled: Pulled, refusals: Mapping[int, Refusal | None]) -> None:
        """Add what was pulled of a repository; `refusals` are by group of those who did."""
        counts, refused = pulled.counts, pulled.refused
        if None in refusals.values():
            group_of = self._group_of
            counts = {n: count for n, count in counts.items() if refusals[group_of[n]]}
            refused = {n: count for n, count in refused.items() if refusals[group_of[n]]}
        before = sum(refused.values())
        self._refused_before += before
        self._released += sum(pulled.refused.values()) - before
        if not counts:
            return
        pulls_of, repository_counts = self._pulls, self._repository_counts
        for number, count in counts.items():
            pulls_of[number] += count
            repository_counts[number] += 1
        pulls = sum(counts.values())
        self._refused += pulls
        self._repositories.append(_RefusedRepository(pulled.repository, pulls, counts, refusals))

    def impact(self, most: int) -> Impact:
        affected = [number for number, pulls in enumerate(self._pulls) if pulls]
        repositories = nsmallest(
            most, self._repositories, key=lambda one: (-one.pulls, one.repository)
        )
        return Impact(
            refused=self._refused,
            refused_before=self._refused_before,
            released=self._released,
            repositories=tuple(self._repository(one, most) for one in repositories),
            repository_count=len(self._repositories),
            subjects=tuple(self._subjects(affected, most)),
            subject_count=len(affected),
        )

    def _subjects(self, affected: Iterable[int], most: int) -> Iterator[SubjectImpact]:
        pulls, pullers = self._pulls, self._pullers
        first = nsmallest(most, affected, key=lambda n: (-pulls[n], pullers[n].kind, pullers[n].id))
        for number in first:
            subject = _subject(pullers[number], self._organization)
            yield SubjectImpact(subject, pulls[number], self._repository_counts[number])

    def _repository(self, refused: "_RefusedRepository", most: int) -> RepositoryImpact:
        counts, pullers = refused.counts, self._pullers
        first = nsmallest(most, counts, key=lambda n: (-counts[n], pullers[n].id, pullers[n].kind))
        refusal = refused.refusals[self._group_of[first[0]]]
        assert refusal is not None  # only pulls that are refused are counted here
        return RepositoryImpact(
            repository=refused.repository,
            category=refusal.category,
            rule=refusal.rule,
            pulls=refused.pulls,
            subjects=tuple(_subject(pullers[n], self._organization) for n in first),
            subject_count=len(counts),
        )


@dataclass(frozen=True, slots=True)
class _RefusedRepository:
    repository: str
    pulls: int
    counts: Mapping[int, int]
    refusals: Mapping[int, Refusal | None]
