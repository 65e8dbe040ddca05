"""What happened to one's own account, as its owner reads it."""

import re
from collections.abc import Callable

import httpx
import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import DatabaseError

from audit.models import SITE
from audit.queries import changes_about, entries_of
from audit.record import record
from orgs import account_operations
from orgs.account_queries import ABOUT_AN_ACCOUNT, WITH_ONES_OWN
from orgs.actor import Actor
from orgs.operations import appoint_staff, deactivate_user, reactivate_user, set_password
from orgs.templatetags.accounts import ACTIONS
from orgs.token_operations import create_personal_token, revoke_personal_token
from tests.conftest import named_user, post
from tests.second_factors import confirm, remove_app, set_up_app

pytestmark = pytest.mark.django_db
LOG = "/account/settings/security-log/"
EMAIL = "/accounts/email/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
STAFF = Actor.site_staff()
SignedIn = Callable[[str], httpx.Client]


def told(client: httpx.Client, query: str = "") -> list[str]:
    """The sentences of the log, newest first."""
    page = client.get(LOG + query)
    assert page.status_code == 200
    entries = re.findall(r'<li class="entry">\s*<p class="break">(.*?)</p>', page.text)
    return [re.sub("<[^>]+>", "", entry) for entry in entries]


def test_a_sign_in_stands_there_with_where_from_and_with_what(
    signed_in: SignedIn, demo: dict[str, str]
) -> None:
    mel = signed_in("mel")
    mel.headers["User-Agent"] = FIREFOX
    post(mel, "/accounts/logout/")
    post(mel, "/accounts/login/", login="mel", password=demo["DEMO_PASSWORD"])
    assert told(mel)[:2] == ["You signed in", "You signed in"]
    page = mel.get(LOG).text
    assert "from 203.0.113.7" in page
    assert "Firefox on Linux" in page


def test_a_wrong_password_signs_nobody_in(signed_in: SignedIn) -> None:
    mel, somebody = signed_in("mel"), signed_in("nina")
    post(somebody, "/accounts/logout/")
    before = told(mel)
    post(somebody, "/accounts/login/", login="mel", password="wrong")
    assert told(mel) == before


def test_what_people_do_to_their_account(signed_in: SignedIn, demo: dict[str, str]) -> None:
    mel = signed_in("mel")
    user = named_user("mel")
    himself = Actor("mel", "203.0.113.7", user)
    set_up_app(mel, demo["DEMO_PASSWORD"])
    remove_app(mel)
    token, _ = create_personal_token(himself, user, label="laptop", scope="repo:read")
    revoke_personal_token(himself, user, token.public_id)
    post(mel, "/account/settings/profile/", full_name="Melanie")
    account_operations.end_other_sessions(himself, user, "")
    mel = signed_in("mel")
    assert told(mel)[1:8] == [
        "You ended all other sessions",
        "You changed the full name",
        f"You revoked the access token {token.public_id}",
        f"You made the access token {token.public_id}",
        "You removed a second factor",
        "You made new recovery codes",
        "You added a second factor",
    ]
    assert "Authenticator app" in mel.get(LOG).text


def test_every_change_of_an_e_mail_address_stands_there(
    signed_in: SignedIn,
    demo: dict[str, str],
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:
    mel = signed_in("mel")
    confirm(mel, demo["DEMO_PASSWORD"])
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        post(mel, EMAIL, action_add="", email="new@example.com")
    (link,) = re.findall(r"/accounts/confirm-email/[^/\s]+/", str(mail.outbox[-1].body))
    assert post(mel, link).status_code == 302
    post(mel, EMAIL, action_primary="", email="new@example.com")
    post(mel, EMAIL, action_remove="", email="mel@example.com")
    assert [address.email for address in EmailAddress.objects.filter(user__username="mel")] == [
        "new@example.com"
    ]
    assert told(mel)[:4] == [
        "You removed an e-mail address",
        "You made another e-mail address the primary one",
        "You verified an e-mail address",
        "You added an e-mail address",
    ]
    newest = entries_of(SITE)[:2]
    assert (newest[0].before, newest[0].after) == ({"email": "mel@example.com"}, {})
    assert newest[1].before == {"email": "mel@example.com"}
    assert newest[1].after == {"email": "new@example.com"}


def test_p4_an_address_that_can_t_be_logged_isn_t_added(
    signed_in: SignedIn, demo: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    mel = signed_in("mel")
    confirm(mel, demo["DEMO_PASSWORD"])

    def fail(*args: object, **values: object) -> None:
        raise DatabaseError("no room")

    monkeypatch.setattr("orgs.account_operations.record_change", fail)
    assert post(mel, EMAIL, action_add="", email="new@example.com").status_code == 500
    assert not EmailAddress.objects.filter(email="new@example.com").exists()


def test_what_site_staff_did_names_them(signed_in: SignedIn) -> None:
    appoint_staff(STAFF, named_user("mel"))
    deactivate_user(STAFF, named_user("mel"))
    reactivate_user(STAFF, named_user("mel"))
    mel = signed_in("mel")
    assert told(mel)[1:4] == [
        "site staff reactivated this account",
        "site staff deactivated this account",
        "site staff appointed you site staff",
    ]
    set_password(STAFF, named_user("mel"), "another password of hers")
    assert mel.get(LOG).status_code == 302


def test_nobody_reads_what_concerns_others(signed_in: SignedIn) -> None:
    appoint_staff(STAFF, named_user("sam"))
    sam = named_user("sam")
    deactivate_user(Actor("sam", None, sam), named_user("mel"))
    client = signed_in("sam")
    assert not [entry for entry in told(client) if "deactivated" in entry]
    assert set(told(signed_in("nina"))) <= {"You signed in", "site staff made this account"}


def test_it_is_read_page_by_page(signed_in: SignedIn) -> None:
    mel = signed_in("mel")
    for number in range(50):
        whose = "mel" if number % 2 else "gus"
        for _ in range(4):
            record(
                organization_id=SITE,
                actor=whose,
                address=None,
                action="user.renamed",
                target=whose,
            )
    first = mel.get(LOG)
    pages = [told(mel)]
    while older := re.search(r'rel="next" href="(\?before=\d+)"', first.text):
        pages.append(told(mel, older[1]))
        first = mel.get(LOG + older[1])
    assert [len(page) for page in pages][:2] == [40, 40]
    assert sum(page.count("You changed the full name") for page in pages) == 100
    assert told(mel, "?before=nonsense") == []


def test_a_look_asks_twice_however_much_others_do(
    django_assert_num_queries: Callable[[int], object],
) -> None:
    with django_assert_num_queries(2):  # type: ignore[attr-defined]
        changes_about("mel", ABOUT_AN_ACCOUNT, WITH_ONES_OWN, None, 40)


def test_every_action_has_its_words() -> None:
    assert set(ACTIONS) == {*ABOUT_AN_ACCOUNT, *WITH_ONES_OWN}
