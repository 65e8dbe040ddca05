"""A password is hashed once in a while, and counts only as long as it is the user's."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.backends import ModelBackend

from orgs import verified_passwords
from orgs.actor import Actor
from orgs.operations import deactivate_user
from orgs.passwords import stamp_of_password
from orgs.queries import active_user_to_know
from orgs.secrets import password_stamp
from tests.conftest import named_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def hashed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The names for which a password was really hashed."""
    verified_passwords.forget_all()
    names: list[str] = []
    really = ModelBackend.authenticate

    def counted(self: ModelBackend, request: Any, username: Any = None, **rest: Any) -> Any:
        names.append(username)
        return really(self, request, username=username, **rest)

    monkeypatch.setattr(ModelBackend, "authenticate", counted)
    yield names
    verified_passwords.forget_all()


def right(name: str, password: str) -> bool:
    user = active_user_to_know(name)
    stamp = password_stamp(user["password"]) if user else None
    return stamp_of_password(name, password, stamp) is not None


def test_a_right_password_is_hashed_once(demo: dict[str, str], hashed: list[str]) -> None:
    for _ in range(5):
        assert right("mel", demo["DEMO_PASSWORD"])
    assert hashed == ["mel"]
    assert right("gus", demo["DEMO_PASSWORD"])
    assert hashed == ["mel", "gus"]


def test_a_wrong_password_is_hashed_every_time(demo: dict[str, str], hashed: list[str]) -> None:
    assert right("mel", demo["DEMO_PASSWORD"])
    for wrong in ("wrong", "wrong", "", demo["DEMO_PASSWORD"] + "\0", "é"):
        assert not right("mel", wrong)
    assert len(hashed) == 6


def test_a_changed_password_counts_at_once(demo: dict[str, str]) -> None:
    assert right("mel", demo["DEMO_PASSWORD"])
    mel = named_user("mel")
    mel.set_password("another one")
    mel.save()
    assert not right("mel", demo["DEMO_PASSWORD"])
    assert right("mel", "another one")


def test_a_deactivated_user_counts_at_once(demo: dict[str, str]) -> None:
    assert right("mel", demo["DEMO_PASSWORD"])
    deactivate_user(Actor.site_staff(), named_user("mel"))
    assert not right("mel", demo["DEMO_PASSWORD"])


def test_a_password_is_forgotten_after_a_while(
    demo: dict[str, str], hashed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verified_passwords, "LIFE_SECONDS", 0)
    for _ in range(2):
        assert right("mel", demo["DEMO_PASSWORD"])
    assert hashed == ["mel", "mel"]


def test_only_so_many_are_remembered(
    demo: dict[str, str], hashed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verified_passwords, "MOST", 1)
    for name in ("mel", "gus", "gus", "mel"):
        assert right(name, demo["DEMO_PASSWORD"])
    assert hashed == ["mel", "gus", "mel"]
