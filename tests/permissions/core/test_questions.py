"""What rules ask, where no rule gets: a subject without standing is nothing in the organization."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from permissions.core.own_rules import EVERYONE, Audience
from permissions.core.questions import ask, audiences_of, case_of, is_owner
from permissions.core.reference import InvalidReference
from tests.permissions.core.cast import SUBJECTS, facts

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_nobody_without_standing_is_an_owner_or_may_push() -> None:
    asked = ask(facts("nina", "acme-mirror"), "acme/app", "push", NOW)
    case = case_of(asked, "acme")
    assert case.standing is None
    assert not case.owner
    assert not case.may_push
    assert not is_owner(SUBJECTS["olivia"], None)


def test_rules_for_a_user_or_a_team_are_for_members_only() -> None:
    happy = SUBJECTS["happy"]
    pilots, research = Audience.team("pilots"), Audience.team("research")
    named = [Audience.user("happy"), pilots, research, EVERYONE]
    assert audiences_of(happy, happy.standings["stark"]) == named
    assert audiences_of(happy, None) == [EVERYONE]
    token = replace(SUBJECTS["research-token"], id="happy")
    assert audiences_of(token, token.standings["stark"]) == [EVERYONE]


def test_what_could_not_be_read_is_never_looked_at() -> None:
    asked = ask(facts("mel", "acme-mirror"), "-bad", "pull", NOW)
    with pytest.raises(InvalidReference, match="path component"):
        _ = asked.readable
