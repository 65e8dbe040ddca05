"""Whom wished-for rules would have refused: tests/cases/impact.md, decided by the core itself."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permissions.core.decision import Request, decide
from permissions.core.facts import Facts, Standing, Subject
from permissions.core.impact import (
    Impact,
    Pulled,
    Puller,
    impact,
    reference,
    refusing_rule,
    wishing,
)
from permissions.core.own_rules import (
    EVERYONE,
    Audience,
    Effect,
    OwnRule,
    OwnRules,
    parse_target,
)
from permissions.core.policy import Category, Mode, Policy, SubjectKind
from tests.permissions.core import cast
from tests.permissions.core.strategies import steady
from tests.permissions.core.tables import rows
from tests.permissions.core.test_changes import policy

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ROWS = rows("impact.md", "who")
TOOL, ALPINE = "docker.io/randomdev/tool", "docker.io/library/alpine"


def facts_of_stark(wish: str) -> Facts:
    """What stark decides from, whoever asks, if its settings were the wished-for."""
    return wishing(cast.facts("tony", "-", "stark"), "stark", policy(wish))


class Pull(NamedTuple):
    """How often somebody pulled a repository, and how many of these pulls were refused."""

    puller: Puller
    repository: str
    times: int = 1
    refused: int = 0


def puller(who: str) -> Puller:
    subject = cast.subject(who)
    return Puller(subject.kind, subject.id, subject.standings.get("stark"))


def pulled(who: str, repository: str, count: int = 1, refused: int = 0) -> Pull:
    return Pull(puller(who), repository, count, refused)


def foreseen(facts: Facts, pulls: Sequence[Pull], most: int = 10) -> Impact:
    pullers = list(dict.fromkeys(pull.puller for pull in pulls))
    repositories = dict.fromkeys(pull.repository for pull in pulls)
    grouped = [
        Pulled(
            repository,
            {pullers.index(pull.puller): pull.times for pull in pulls if pull[1] == repository},
            {
                pullers.index(pull.puller): pull.refused
                for pull in pulls
                if pull.repository == repository and pull.refused
            },
        )
        for repository in repositories
    ]
    return impact(facts, "stark", pullers, grouped, NOW, most)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: " ".join(row.values()))
def test_who_would_have_been_refused_what(row: dict[str, str]) -> None:
    found = foreseen(facts_of_stark(row["wish"]), [pulled(row["who"], row["repository"], 7)])
    assert [one.rule for one in found.repositories] == (
        [] if row["refused by"] == "-" else [row["refused by"]]
    )
    assert found.refused == (0 if row["refused by"] == "-" else 7)


def test_the_numbers_add_up_and_the_most_affected_come_first() -> None:
    found = foreseen(
        facts_of_stark("on official"),
        [
            pulled("rhodey", TOOL, 5, refused=2),
            pulled("stark-token", TOOL, 9),
            pulled("tony", TOOL, 100),
            pulled("rhodey", "docker.io/other/tool", 20),
            pulled("pepper", ALPINE, 50, refused=4),
        ],
    )
    assert (found.refused, found.refused_before, found.released) == (34, 2, 4)
    assert [(one.repository, one.pulls, one.subject_count) for one in found.repositories] == [
        ("docker.io/other/tool", 20, 1),
        (TOOL, 14, 2),
    ]
    assert [subject.id for subject in found.repositories[1].subjects] == ["stark-token", "rhodey"]
    assert [(one.subject.id, one.pulls, one.repository_count) for one in found.subjects] == [
        ("rhodey", 25, 2),
        ("stark-token", 9, 1),
    ]
    assert found.repositories[0].category is Category.COMMUNITY


def test_those_who_are_alike_are_still_told_apart_by_the_rules_that_name_them() -> None:
    found = foreseen(
        facts_of_stark("on official publishers"),
        [pulled(who, "docker.io/library/ubuntu") for who in ("pepper", "rhodey", "happy")],
    )
    assert [one.subject.id for one in found.subjects] == ["happy"]


def test_who_is_named_is_told_apart_from_whoever_stands_alike() -> None:
    known = facts_of_stark("on official publishers")
    rules = (
        OwnRule(1, Effect.BLOCK, parse_target(ALPINE), Audience.user("happy")),
        OwnRule(2, Effect.EXCEPTION, parse_target(TOOL), Audience.user("twin")),
    )
    stark = replace(known.organizations["stark"], own_rules=OwnRules(rules))
    happy = puller("happy")
    token, twin = happy._replace(kind=SubjectKind.TOKEN), happy._replace(id="twin")
    for pullers in ((happy, token, twin), (twin, token, happy), (token, happy, twin)):
        found = foreseen(
            replace(known, organizations={"stark": stark}), [Pull(one, ALPINE) for one in pullers]
        )
        assert [(one.subject.kind, one.subject.id) for one in found.subjects] == [happy[:2]]


def test_owners_and_teams_that_a_rule_names_are_told_apart_from_other_members() -> None:
    known = facts_of_stark("on official publishers")
    rule = OwnRule(1, Effect.EXCEPTION, parse_target(TOOL), Audience.team("web"))
    stark = replace(known.organizations["stark"], own_rules=OwnRules((rule,)))
    facts = replace(known, organizations={"stark": stark})
    pullers = [
        Puller(SubjectKind.USER, name, Standing(name == "owner", False, frozenset(teams)))
        for name, teams in (("web", ["web", "ops"]), ("owner", []), ("ops", ["ops"]), ("none", []))
    ]
    for ordered in (pullers, pullers[::-1]):
        found = foreseen(facts, [Pull(one, TOOL) for one in ordered])
        assert [one.subject.id for one in found.subjects] == ["none", "ops"]


def test_each_repository_is_decided_about() -> None:
    both = [pulled("rhodey", ALPINE), pulled("rhodey", TOOL)]
    found = foreseen(facts_of_stark("on official publishers"), both)
    assert [one.repository for one in found.repositories] == [TOOL]


def test_of_equals_the_first_by_name_comes_first() -> None:
    pulls = [
        pulled(who, repository, 3)
        for who in ("stark-token", "rhodey")
        for repository in ("docker.io/other/tool", "docker.io/another/tool")
    ]
    found = foreseen(facts_of_stark("on official publishers"), pulls)
    assert [one.repository for one in found.repositories] == [
        "docker.io/another/tool",
        "docker.io/other/tool",
    ]
    assert [subject.id for subject in found.repositories[0].subjects] == ["rhodey", "stark-token"]


def test_subjects_are_told_apart_by_kind_and_name_and_come_in_order() -> None:
    happy = puller("happy")
    pullers = (happy, puller("rhodey"), happy._replace(kind=SubjectKind.TOKEN))
    pulls = [Pull(one, "docker.io/miner/pool", 3) for one in reversed(pullers)]
    found = foreseen(facts_of_stark("on official publishers"), pulls[:2])
    assert [(one.subject.kind, one.subject.id) for one in found.subjects] == [
        ("token", "happy"),
        ("user", "rhodey"),
    ]
    found = foreseen(facts_of_stark("on official publishers"), pulls[::-1])
    in_order = [("token", "happy"), ("user", "happy"), ("user", "rhodey")]
    assert [(one.subject.kind, one.subject.id) for one in found.subjects] == in_order
    assert [(one.kind, one.id) for one in found.repositories[0].subjects] == in_order


def test_a_repository_says_the_rule_that_stops_most_pulls() -> None:
    pulls = [
        pulled("rhodey", "docker.io/miner/pool", 5),
        pulled("happy", "docker.io/miner/pool", 9),
    ]
    found = foreseen(facts_of_stark("on official publishers"), pulls)
    assert [one.rule for one in found.repositories] == ["blocked"]


def test_lists_are_cut_and_counts_are_not() -> None:
    many = [pulled("rhodey", f"docker.io/randomdev/tool{n}", n + 1) for n in range(30)]
    found = foreseen(facts_of_stark("on official publishers"), many, most=3)
    assert [one.pulls for one in found.repositories] == [30, 29, 28]
    assert (found.repository_count, found.subject_count, len(found.subjects)) == (30, 1, 1)
    assert found.refused == sum(range(1, 31))


NAMES, TEAMS = ("ann", "bob", "cy", "qa"), ("qa", "ops", "web")
TARGETS = (TOOL, ALPINE, "docker.io/randomdev/*", "docker.io/bitnami/*", "community", "official")
REPOSITORIES = (
    TOOL,
    ALPINE,
    "docker.io/bitnami/redis",
    "docker.io/stark/app",
    "depot/app",
    "x/<b>",
)

standings = st.one_of(
    st.none(),
    st.builds(
        Standing, st.booleans(), st.booleans(), st.frozensets(st.sampled_from(TEAMS), max_size=3)
    ),
)
pullers = st.builds(
    Puller,
    st.sampled_from([*SubjectKind, *[SubjectKind.USER] * 4]),
    st.sampled_from(NAMES),
    standings,
)
audiences = st.one_of(
    st.just(EVERYONE),
    st.sampled_from(TEAMS).map(Audience.team),
    st.sampled_from(NAMES).map(Audience.user),
)
own_rules = st.builds(
    OwnRule,
    st.integers(1, 99),
    st.sampled_from(Effect),
    st.sampled_from(TARGETS).map(parse_target),
    audiences,
    st.sampled_from([None, NOW - timedelta(days=1), NOW, NOW + timedelta(days=1)]),
)
policies = st.builds(
    Policy,
    st.sampled_from([True, True, False]),
    st.booleans(),
    st.booleans(),
    st.sampled_from(Mode),
)
pulls_of_many = st.lists(
    st.builds(
        Pull,
        pullers,
        st.sampled_from(REPOSITORIES),
        st.integers(1, 5),
        st.integers(0, 1),
    ),
    min_size=3,
    max_size=20,
    unique_by=(lambda pull: (pull.puller[:2], pull.repository)),
)


@steady
@given(policies, st.lists(own_rules, max_size=5), pulls_of_many)
def test_it_is_what_deciding_pull_by_pull_gives(
    wished: Policy, rules: list[OwnRule], pulls: list[Pull]
) -> None:
    # Whoever appears twice has one standing.
    known = {pull.puller[:2]: pull.puller for pull in pulls}
    pulls = [pull._replace(puller=known[pull.puller[:2]]) for pull in pulls]
    facts = wishing(cast.facts("tony", "-", "stark"), "stark", wished)
    stark = replace(facts.organizations["stark"], own_rules=OwnRules(tuple(rules)))
    facts = replace(facts, organizations={"stark": stark})

    refused: Counter[str] = Counter()
    by_repository: Counter[str] = Counter()
    by_subject: Counter[tuple[SubjectKind, str]] = Counter()
    for (kind, name, standing), repository, count, before in pulls:
        standings = {} if standing is None else {"stark": standing}
        asked = replace(facts, subject=Subject(kind, name, live=True, standings=standings))
        if refusing_rule(decide(asked, Request(reference(repository)), NOW)) is None:
            refused["released"] += before
        else:
            refused["now"] += count
            refused["before"] += before
            by_repository[repository] += count
            by_subject[kind, name] += count

    found = foreseen(facts, pulls, most=100)
    assert found.refused == refused["now"]
    assert found.refused_before == refused["before"]
    assert found.released == refused["released"]
    assert {one.repository: one.pulls for one in found.repositories} == by_repository
    assert {(one.subject.kind, one.subject.id): one.pulls for one in found.subjects} == by_subject
    assert sum(one.subject_count for one in found.repositories) == sum(
        one.repository_count for one in found.subjects
    )
