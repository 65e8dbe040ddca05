"""The same question from the same facts is decided once, for as long as they are the same."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.utils import timezone

from orgs.secrets import SecretKind, new_public_id
from permissions import authorize as authorizing
from permissions.authorize import authorize, authorize_actions
from permissions.core.decision import decide
from permissions.core.policy import SubjectKind
from permissions.facts import Asker, Claim
from permissions.snapshots.memory import store, watcher

pytestmark = pytest.mark.usefixtures("live")

ACME = Asker(organization="acme")
MEL = Claim(SubjectKind.USER, "mel")
TOOL = "docker.io/randomdev/tool"
SetEnabled = Callable[[bool], None]
Elsewhere = psycopg.Connection[Any]


@pytest.fixture
def decided(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The images that the core was asked about."""
    asked: list[str] = []

    def noted(facts: Any, request: Any, now: Any) -> Any:
        asked.append(request.image)
        return decide(facts, request, now)

    monkeypatch.setattr(authorizing, "decide", noted)
    return asked


@pytest.fixture
def ending(elsewhere: Elsewhere, set_enabled: SetEnabled) -> Iterator[datetime]:
    """An exception for the tool, past every operation, and when it ends."""
    set_enabled(True)
    ends_at = timezone.now() + timedelta(hours=1)
    elsewhere.execute(
        "INSERT INTO permissions_ownrule (organization_id, effect, target, reason, ends_at, "
        "created_at, created_by, former_team, ended_by) "
        "SELECT id, 'exception', %s, '', %s, now(), 'olivia', '', '' "
        "FROM orgs_organization WHERE name = 'acme'",
        [TOOL, ends_at],
    )
    watcher.look_again()
    yield ends_at
    elsewhere.execute("DELETE FROM permissions_ownrule WHERE target = %s", [TOOL])


def test_a_question_is_decided_once(decided: list[str]) -> None:
    answers = {id(authorize(MEL, ACME, TOOL)) for _ in range(5)}
    assert len(answers) == 1
    assert decided == [TOOL]


def test_what_makes_another_question(decided: list[str]) -> None:
    for claim in (MEL, Claim(SubjectKind.USER, "olivia")):
        for asker in (ACME, Asker(organization="acme", may_tell_unknown=False)):
            for action in ("pull", "push"):
                for image in (TOOL, f"{TOOL}:1"):
                    authorize(claim, asker, image, action)
    assert len(decided) == 16


def test_a_change_makes_it_be_decided_anew(decided: list[str], set_enabled: SetEnabled) -> None:
    assert authorize(MEL, ACME, TOOL).allowed
    set_enabled(True)
    watcher.look_again()
    assert not authorize(MEL, ACME, TOOL).allowed
    assert len(decided) == 2


def test_a_change_that_does_not_matter_changes_nothing(
    decided: list[str], elsewhere: Elsewhere
) -> None:
    authorize(MEL, ACME, TOOL)
    generation = store.generation
    elsewhere.execute("UPDATE orgs_user SET is_active = is_active WHERE username = 'ivan'")
    elsewhere.execute("UPDATE orgs_user SET password = password || '!' WHERE username = 'ivan'")
    watcher.look_again()
    assert store.generation > generation
    authorize(MEL, ACME, TOOL)
    assert len(decided) == 1


def test_d7_an_end_ends_what_is_remembered(
    ending: datetime, at: Callable[[datetime], None]
) -> None:
    assert authorize(MEL, ACME, TOOL).allowed
    at(ending - timedelta(microseconds=1))
    assert authorize(MEL, ACME, TOOL).allowed
    at(ending)
    assert not authorize(MEL, ACME, TOOL).allowed
    assert not authorize_actions(MEL, ACME, TOOL, ["pull"])["pull"].allowed


def test_d16_a_token_ends_what_is_remembered_of_it(
    elsewhere: Elsewhere, at: Callable[[datetime], None]
) -> None:
    public_id, ends_at = new_public_id(SecretKind.ORGANIZATION), timezone.now() + timedelta(days=1)
    elsewhere.execute(
        "INSERT INTO orgs_organizationaccesstoken (organization_id, public_id, digest, label, "
        "scope, repositories, created_at, expires_at) "
        "SELECT id, %s, %s, 'CI', 'repo:read', '[]', now(), %s "
        "FROM orgs_organization WHERE name = 'acme'",
        [public_id, "0" * 64, ends_at],
    )
    try:
        claim = Claim(SubjectKind.TOKEN, public_id)
        assert authorize(claim, ACME, TOOL).allowed
        at(ends_at)
        assert authorize(claim, ACME, TOOL).rule == "unknown_subject"
    finally:
        elsewhere.execute("DELETE FROM orgs_organizationaccesstoken WHERE digest = %s", ["0" * 64])


def test_what_strangers_guess_is_not_remembered(decided: list[str]) -> None:
    known = store.counts().get("answer", 0)
    for number in range(5):
        authorize(Claim(SubjectKind.USER, f"nobody{number}"), Asker(organization="acme"), TOOL)
    assert len(decided) == 5
    assert store.counts().get("answer", 0) == known


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "capacity", 200_000)
    for number in range(500):
        authorize(MEL, ACME, f"{TOOL}:{number}")
    assert store.size <= 200_000
    assert store.get(("organization", "acme")) is not None
