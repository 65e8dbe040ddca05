"""A second factor: set up, asked for, replaced by a recovery code, and removed."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from urllib.parse import quote

import httpx
import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.db import DatabaseError
from django.test import override_settings

from audit.models import SITE
from audit.queries import entries_of
from orgs.models import Organization
from permissions.queries import policy_of
from tests.conftest import NewVisitor, named_user, post
from tests.second_factors import ACTIVATE, code_of_app, remove_app, set_up_app

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"
ASKED = "/accounts/2fa/authenticate/"
CODES = "/accounts/2fa/recovery-codes/"
DEACTIVATE = "/accounts/2fa/totp/deactivate/"

SignedIn = Callable[[str], httpx.Client]


def begin_sign_in(client: httpx.Client, demo: dict[str, str]) -> None:
    answer = post(client, LOGIN, login="mel", password=demo["DEMO_PASSWORD"])
    assert answer.headers["location"].startswith(ASKED)
    assert client.get("/orgs/acme/").status_code == 302  # not in yet


def csrf(client: httpx.Client) -> dict[str, str]:
    return {"X-CSRFToken": client.cookies["csrftoken"]}


def recovery_codes(client: httpx.Client) -> list[str]:
    return re.findall(r"<code>(\d{8})</code>", client.get(CODES).text)


def test_the_app_s_code_is_asked_for_after_the_password(
    signed_in: SignedIn, visitor: NewVisitor, demo: dict[str, str]
) -> None:
    secret = set_up_app(signed_in("mel"), demo["DEMO_PASSWORD"])
    mel = visitor()
    begin_sign_in(mel, demo)
    answer = post(mel, ASKED, code="000000")
    assert "isn&#x27;t right" in answer.text
    # The code that set it up is used up, so the next one is entered.
    assert post(mel, ASKED, code=code_of_app(secret, 1)).status_code == 302
    assert mel.get("/orgs/acme/").status_code == 200


def test_a_recovery_code_lets_in_once(
    signed_in: SignedIn, visitor: NewVisitor, demo: dict[str, str]
) -> None:
    settled = signed_in("mel")
    set_up_app(settled, demo["DEMO_PASSWORD"])
    codes = recovery_codes(settled)
    assert len(set(codes)) == 10
    for attempt, status in ((codes[0], 302), (codes[0], 200), (codes[1], 302)):
        mel = visitor()
        begin_sign_in(mel, demo)
        assert post(mel, ASKED, code=attempt).status_code == status
    assert recovery_codes(settled) == codes[2:]

    answer = settled.get(f"{CODES}download/")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert set(re.findall(r"\b\d{8}\b", answer.text)) == set(codes[2:])


def test_guessing_codes_is_slowed_down(
    signed_in: SignedIn, visitor: NewVisitor, demo: dict[str, str]
) -> None:
    secret = set_up_app(signed_in("mel"), demo["DEMO_PASSWORD"])
    guesser = visitor()
    begin_sign_in(guesser, demo)
    for _ in range(10):
        answer = post(guesser, ASKED, code="000000")
    assert "Too many" in post(guesser, ASKED, code=code_of_app(secret, 1)).text
    assert answer.status_code == 200
    assert guesser.get("/orgs/acme/").status_code == 302


@pytest.mark.parametrize("path", [ACTIVATE, "/accounts/2fa/webauthn/add/"])
def test_the_password_is_asked_for_before_one_is_added(signed_in: SignedIn, path: str) -> None:
    mel = signed_in("mel")
    answer = mel.get(path)
    assert answer.headers["location"] == f"/accounts/reauthenticate/?next={quote(path, safe='')}"


@pytest.mark.parametrize("path", [CODES, f"{CODES}generate/", f"{CODES}download/", DEACTIVATE])
def test_it_is_asked_for_again_before_a_change(
    signed_in: SignedIn, demo: dict[str, str], path: str
) -> None:
    mel = signed_in("mel")
    set_up_app(mel, demo["DEMO_PASSWORD"])
    assert mel.get(path).status_code == 200
    with override_settings(ACCOUNT_REAUTHENTICATION_TIMEOUT=0):  # its quarter of an hour is over
        answers = [mel.get(path)] + ([] if path == CODES else [mel.post(path, headers=csrf(mel))])
        for answer in answers:
            assert "/reauthenticate/" in answer.headers.get("location", ""), answer.text
    assert Authenticator.objects.filter(user=named_user("mel")).count() == 2


def test_a_change_leaves_a_line_in_the_log_and_an_email(
    signed_in: SignedIn,
    demo: dict[str, str],
    acme: Organization,
    django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[object]],
) -> None:
    mel, before = signed_in("mel"), policy_of(acme).version
    with django_capture_on_commit_callbacks(execute=True):
        set_up_app(mel, demo["DEMO_PASSWORD"])
        remove_app(mel)
    rows = list(entries_of(SITE)[:3])[::-1]
    assert [(row.action, row.actor, row.target, row.address) for row in rows] == [
        ("second_factor.added", "mel", "mel", "203.0.113.7"),
        ("recovery_codes.made", "mel", "mel", "203.0.113.7"),
        ("second_factor.removed", "mel", "mel", "203.0.113.7"),
    ]
    assert rows[0].after == {"kind": "totp"}
    assert policy_of(acme).version == before + 2  # told to whoever remembers their credentials
    assert not Authenticator.objects.filter(user=named_user("mel")).exists()
    assert {message.subject for message in mail.outbox} == {
        "An authenticator app protects your account",
        "Your authenticator app is no longer asked for",
    }
    assert all(message.to == ["mel@example.com"] for message in mail.outbox)


def test_a_change_that_can_t_be_logged_isn_t_made(
    signed_in: SignedIn, demo: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """P4"""
    mel = signed_in("mel")

    def fail(*args: object, **values: object) -> None:
        raise DatabaseError("no room")

    monkeypatch.setattr("orgs.account_operations.record_change", fail)
    with pytest.raises(AssertionError, match="Something went wrong here"):
        set_up_app(mel, demo["DEMO_PASSWORD"])
    assert not Authenticator.objects.exists()


def test_secrets_are_kept_encrypted(signed_in: SignedIn, demo: dict[str, str]) -> None:
    secret = set_up_app(signed_in("mel"), demo["DEMO_PASSWORD"])
    for factor in Authenticator.objects.filter(user=named_user("mel")):
        assert secret not in str(factor.data)
        assert all(str(value).startswith("gAAAA") for value in factor.data.values() if value)


def test_one_s_recovery_codes_are_no_other_s(
    signed_in: SignedIn, visitor: NewVisitor, demo: dict[str, str]
) -> None:
    gus = signed_in("gus")
    set_up_app(gus, demo["DEMO_PASSWORD"])
    set_up_app(signed_in("mel"), demo["DEMO_PASSWORD"])
    mel = visitor()
    begin_sign_in(mel, demo)
    assert post(mel, ASKED, code=recovery_codes(gus)[0]).status_code == 200


def test_new_recovery_codes_end_the_old(
    signed_in: SignedIn, visitor: NewVisitor, demo: dict[str, str]
) -> None:
    settled = signed_in("mel")
    set_up_app(settled, demo["DEMO_PASSWORD"])
    old = recovery_codes(settled)
    assert post(settled, f"{CODES}generate/").headers["location"] == CODES
    assert not set(recovery_codes(settled)) & set(old)
    mel = visitor()
    begin_sign_in(mel, demo)
    assert post(mel, ASKED, code=old[0]).status_code == 200
