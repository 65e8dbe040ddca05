"""Signing in and out, and getting back in."""

import re
from collections.abc import Callable
from smtplib import SMTPServerDisconnected

import httpx
import pytest
from django.core import mail
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.locmem import EmailBackend
from django.test import RequestFactory

from audit.models import SITE
from audit.queries import entries_of
from hubadmin.middleware import LogRequestMiddleware
from orgs.actor import Actor
from orgs.operations import deactivate_user, reactivate_user
from orgs.tasks import deliver_email
from tests.conftest import NewVisitor, named_user, post

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"
RESET = "/accounts/password/reset/"


def test_signing_in_leads_where_one_wanted_to_go(visitor: NewVisitor, demo: dict[str, str]) -> None:
    someone = visitor()
    sent_away = someone.get("/orgs/acme/activity/")
    assert sent_away.headers["location"] == "/accounts/login/?next=/orgs/acme/activity/"
    answer = post(
        someone,
        LOGIN,
        login="mel@example.com",
        password=demo["DEMO_PASSWORD"],
        next="/orgs/acme/activity/",
    )
    assert answer.headers["location"] == "/orgs/acme/activity/"
    assert someone.get("/orgs/acme/activity/").status_code == 200


def test_nobody_is_led_to_another_site(visitor: NewVisitor, demo: dict[str, str]) -> None:
    answer = post(
        visitor(), LOGIN, login="mel", password=demo["DEMO_PASSWORD"], next="https://evil.example/"
    )
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize("login", ["mel", "nobody-at-all"])
def test_a_wrong_password_does_not_tell_who_exists(visitor: NewVisitor, login: str) -> None:
    answer = post(visitor(), LOGIN, login=login, password="wrong")
    assert answer.status_code == 200
    errors = re.findall(r'role="alert">.*?</', answer.text, re.DOTALL)  # not hidden ones
    assert len(errors) == 1
    assert login not in errors[0]


def test_guessing_passwords_is_slowed_down(visitor: NewVisitor, demo: dict[str, str]) -> None:
    guesser = visitor()
    for _ in range(10):
        post(guesser, LOGIN, login="mel", password="wrong")
    answer = post(guesser, LOGIN, login="mel", password=demo["DEMO_PASSWORD"])
    assert answer.status_code in (200, 429)
    assert "sessionid" not in guesser.cookies
    assert "Too many" in answer.text


def test_a_deactivated_user_does_not_get_in(visitor: NewVisitor, demo: dict[str, str]) -> None:
    deactivate_user(Actor.site_staff(), named_user("mel"))
    mel = visitor()
    post(mel, LOGIN, login="mel", password=demo["DEMO_PASSWORD"])
    assert mel.get("/orgs/acme/").status_code == 302


def test_a_session_from_before_a_deactivation_stays_ended(
    signed_in: Callable[[str], httpx.Client], visitor: NewVisitor, demo: dict[str, str]
) -> None:
    old = signed_in("mel")
    deactivate_user(Actor.site_staff(), named_user("mel"))
    reactivate_user(Actor.site_staff(), named_user("mel"))
    assert old.get("/orgs/acme/").status_code == 302
    assert signed_in("mel").get("/orgs/acme/").status_code == 200


def test_signing_out_ends_the_session(signed_in: Callable[[str], httpx.Client]) -> None:
    mel = signed_in("mel")
    session = mel.cookies["sessionid"]
    assert post(mel, "/accounts/logout/").status_code == 302
    mel.cookies.set("sessionid", session)
    assert mel.get("/orgs/acme/").status_code == 302


def test_a_forgotten_password_is_set_anew(visitor: NewVisitor, demo: dict[str, str]) -> None:
    mel = visitor()
    assert post(mel, RESET, email="mel@example.com").status_code == 302
    (message,) = mail.outbox
    assert message.to == ["mel@example.com"]
    (link,) = re.findall(
        r"http://localhost:8000(/accounts/password/reset/key/\S+)", str(message.body)
    )

    form = mel.get(link).headers["location"]
    new = "a passphrase of some length"
    assert post(mel, form, password1=new, password2=new).status_code == 302
    assert post(visitor(), LOGIN, login="mel", password=new).status_code == 302
    assert post(visitor(), LOGIN, login="mel", password=demo["DEMO_PASSWORD"]).status_code == 200
    # The link is good once.
    assert "newpassword" not in visitor().get(link).text
    assert_password_changed_by("mel")


def test_a_change_of_password_is_on_record(
    signed_in: Callable[[str], httpx.Client], demo: dict[str, str]
) -> None:
    new = "a passphrase of some length"
    fields = {"oldpassword": demo["DEMO_PASSWORD"], "password1": new, "password2": new}
    assert post(signed_in("mel"), "/accounts/password/change/", **fields).status_code == 302
    assert_password_changed_by("mel")


def assert_password_changed_by(username: str) -> None:
    entry = entries_of(SITE).exclude(action="user.signed_in")[0]
    assert (entry.action, entry.actor, entry.target, entry.address) == (
        "user.password_changed",
        username,
        username,
        "203.0.113.7",
    )
    assert (entry.before, entry.after) == ({}, {})


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/accounts/password/reset/key/1-c0ffee/", "/accounts/password/reset/key/(?P<"),
        ("/accounts/confirm-email/MQ:c0ffee/", "/accounts/confirm-email/(?P<"),
        ("/invitations/hubadmin_inv_c0ffee", "/invitations/<slug:"),
        ("/orgs/acme/members/", "/orgs/acme/members/"),
        ("/nowhere/", "/nowhere/"),
    ],
)
def test_the_log_does_not_hold_the_key_in_a_link(path: str, logged: str) -> None:
    line = LogRequestMiddleware.format_request(RequestFactory().get(path))
    assert line.startswith(f"GET {logged}")
    assert "c0ffee" not in line


@pytest.mark.parametrize("address", ["mel@example.com", "nobody@example.com"])
def test_links_to_set_a_password_lead_to_the_site(visitor: NewVisitor, address: str) -> None:
    post(visitor(Host="localhost:6666"), RESET, email=address)
    (message,) = mail.outbox
    assert "http://localhost:8000" in message.body
    assert "6666" not in message.body


def test_links_to_confirm_an_address_lead_to_the_site(
    signed_in: Callable[[str], httpx.Client],
) -> None:
    mel = signed_in("mel")
    mel.headers["Host"] = "localhost:6666"
    mail.outbox.clear()
    assert post(mel, "/accounts/email/", action_add="", email="m@example.com").status_code == 302
    (message,) = (each for each in mail.outbox if each.to == ["m@example.com"])
    assert "http://localhost:8000/accounts/confirm-email/" in message.body
    assert "6666" not in message.body


def test_asking_for_a_reset_does_not_tell_who_exists(visitor: NewVisitor) -> None:
    known = post(visitor(), RESET, email="mel@example.com")
    unknown = post(visitor(), RESET, email="nobody@example.com")
    assert (known.status_code, known.headers["location"]) == (
        unknown.status_code,
        unknown.headers["location"],
    )


def test_nobody_signs_up_by_themselves(visitor: NewVisitor) -> None:
    answer = visitor().get("/accounts/signup/")
    assert "<form" not in answer.text.partition("<main")[2].partition("</main")[0]


def test_a_short_password_is_refused(
    signed_in: Callable[[str], httpx.Client], demo: dict[str, str]
) -> None:
    answer = post(
        signed_in("mel"),
        "/accounts/password/change/",
        oldpassword=demo["DEMO_PASSWORD"],
        password1="short",
        password2="short",
    )
    assert answer.status_code == 200
    assert "at least 12 characters" in answer.text


def test_an_email_is_tried_again_while_the_mail_server_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deliver, attempts = EmailBackend.send_messages, []

    def away_at_first(backend: EmailBackend, messages: list[EmailMessage]) -> int:
        attempts.append(messages)
        if len(attempts) < 3:
            raise SMTPServerDisconnected("gone")
        return deliver(backend, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", away_at_first)
    message = {"subject": "s", "body": "b", "to": ["a@example.com"]}
    deliver_email.apply(args=[{**message, "alternatives": [["<p>b</p>", "text/html"]]}]).get()

    (sent,) = mail.outbox
    assert (sent.subject, sent.body, sent.to) == ("s", "b", ["a@example.com"])
    assert isinstance(sent, EmailMultiAlternatives)
    assert len(sent.alternatives) == 1
