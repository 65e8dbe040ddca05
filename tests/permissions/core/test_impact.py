"""Whom wished-for rules would have refused: tests/cases/impact.md, decided by the core itself."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from permissions.core.decision import Request, decide
from permissions.core.facts import Facts
from permissions.core.impact import (
    Pulled,
    could_refuse,
    impact,
    reference,
    refusing_rule,
    wishing,
)
from permissions.core.own_rules import Audience, Effect, OwnRule, OwnRules, parse_target
from permissions.core.policy import Category, SubjectKind
from tests.permissions.core import cast
from tests.permissions.core.tables import rows
from tests.permissions.core.test_changes import policy

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ROWS = rows("impact.md", "who")
TOOL, ALPINE = "docker.io/randomdev/tool", "docker.io/library/alpine"


def facts_of_stark(wish: str) -> Facts:
    """What stark decides from, whoever asks, if its settings were the wished-for."""
    return wishing(cast.facts("tony", "-", "stark"), "stark", policy(wish))


def pulled(who: str, repository: str, count: int = 1, refused: int = 0) -> Pulled:
    return Pulled(cast.subject(who), repository, count, refused)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: " ".join(row.values()))
def test_who_would_have_been_refused_what(row: dict[str, str]) -> None:
    found = impact(
        facts_of_stark(row["wish"]),
        "stark",
        [pulled(row["who"], row["repository"], 7)],
        NOW,
        most=10,
    )
    assert [one.rule for one in found.repositories] == (
        [] if row["refused by"] == "-" else [row["refused by"]]
    )
    assert found.refused == (0 if row["refused by"] == "-" else 7)


@pytest.mark.parametrize("wish", sorted({row["wish"] for row in ROWS}))
def test_what_nobody_could_be_refused_is_refused_to_nobody(wish: str) -> None:
    facts = facts_of_stark(wish)
    repositories = sorted({row["repository"] for row in ROWS})
    possible = could_refuse(facts, "stark", repositories, NOW)
    for name, subject in cast.SUBJECTS.items():
        for repository in repositories:
            decision = decide(replace(facts, subject=subject), Request(reference(repository)), NOW)
            assert refusing_rule(decision) is None or repository in possible, (name, repository)


def test_what_could_be_refused_to_somebody() -> None:
    asked = [TOOL, ALPINE, "docker.io/stark/app", "docker.io/library/log4shell"]
    facts = facts_of_stark("on official publishers")
    assert could_refuse(facts, "stark", asked, NOW) == [TOOL, "docker.io/library/log4shell"]


def test_the_numbers_add_up_and_the_most_affected_come_first() -> None:
    found = impact(
        facts_of_stark("on official"),
        "stark",
        [
            pulled("rhodey", TOOL, 5, refused=2),
            pulled("stark-token", TOOL, 9),
            pulled("tony", TOOL, 100),
            pulled("rhodey", "docker.io/other/tool", 20),
            pulled("pepper", ALPINE, 50, refused=4),
        ],
        NOW,
        most=10,
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
    found = impact(
        facts_of_stark("on official publishers"),
        "stark",
        [pulled(who, "docker.io/library/ubuntu") for who in ("pepper", "rhodey", "happy")],
        NOW,
        most=10,
    )
    assert [one.subject.id for one in found.subjects] == ["happy"]


def test_who_is_named_is_told_apart_from_whoever_stands_alike() -> None:
    known = facts_of_stark("on official publishers")
    rules = (
        OwnRule(1, Effect.BLOCK, parse_target(ALPINE), Audience.user("happy")),
        OwnRule(2, Effect.EXCEPTION, parse_target(TOOL), Audience.user("twin")),
    )
    stark = replace(known.organizations["stark"], own_rules=OwnRules(rules))
    happy = cast.subject("happy")
    token, twin = replace(happy, kind=SubjectKind.TOKEN), replace(happy, id="twin")
    for subjects in ((happy, token, twin), (twin, token, happy), (token, happy, twin)):
        found = impact(
            replace(known, organizations={"stark": stark}),
            "stark",
            [Pulled(subject, ALPINE, 1, 0) for subject in subjects],
            NOW,
            most=10,
        )
        assert [one.subject for one in found.subjects] == [happy]


def test_each_repository_is_decided_about() -> None:
    both = [pulled("rhodey", ALPINE), pulled("rhodey", TOOL)]
    found = impact(facts_of_stark("on official publishers"), "stark", both, NOW, most=10)
    assert [one.repository for one in found.repositories] == [TOOL]


def test_of_equals_the_first_by_name_comes_first() -> None:
    pulls = [
        pulled(who, repository, 3)
        for who in ("stark-token", "rhodey")
        for repository in ("docker.io/other/tool", "docker.io/another/tool")
    ]
    found = impact(facts_of_stark("on official publishers"), "stark", pulls, NOW, most=10)
    assert [one.repository for one in found.repositories] == [
        "docker.io/another/tool",
        "docker.io/other/tool",
    ]
    assert [subject.id for subject in found.repositories[0].subjects] == ["rhodey", "stark-token"]


def test_subjects_are_told_apart_by_kind_and_name_and_come_in_order() -> None:
    happy = cast.subject("happy")
    subjects = (happy, cast.subject("rhodey"), replace(happy, kind=SubjectKind.TOKEN))
    pulls = [Pulled(subject, "docker.io/miner/pool", 3, 0) for subject in reversed(subjects)]
    found = impact(facts_of_stark("on official publishers"), "stark", pulls[:2], NOW, most=10)
    assert [(one.subject.kind, one.subject.id) for one in found.subjects] == [
        ("token", "happy"),
        ("user", "rhodey"),
    ]
    found = impact(facts_of_stark("on official publishers"), "stark", pulls[::-1], NOW, most=10)
    assert [(one.subject.kind, one.subject.id) for one in found.subjects] == [
        ("token", "happy"),
        ("user", "happy"),
        ("user", "rhodey"),
    ]


def test_a_repository_says_the_rule_that_stops_most_pulls() -> None:
    pulls = [
        pulled("rhodey", "docker.io/miner/pool", 5),
        pulled("happy", "docker.io/miner/pool", 9),
    ]
    found = impact(facts_of_stark("on official publishers"), "stark", pulls, NOW, most=10)
    assert [one.rule for one in found.repositories] == ["blocked"]


def test_lists_are_cut_and_counts_are_not() -> None:
    many = [pulled("rhodey", f"docker.io/randomdev/tool{n}", n + 1) for n in range(30)]
    found = impact(facts_of_stark("on official publishers"), "stark", many, NOW, most=3)
    assert [one.pulls for one in found.repositories] == [30, 29, 28]
    assert (found.repository_count, found.subject_count, len(found.subjects)) == (30, 1, 1)
    assert found.refused == sum(range(1, 31))
