"""A person's own profile and sessions."""

from collections.abc import Callable

import httpx
import pytest
from allauth.usersessions.models import UserSession

from audit.models import SITE
from audit.queries import entries_of
from orgs.actor import Actor
from orgs.browsers import browser_name
from orgs.operations import set_password
from orgs.tasks import clear_expired_sessions
from tests.conftest import named_user, post

pytestmark = pytest.mark.django_db
PROFILE = "/account/settings/profile/"
SESSIONS = "/account/settings/sessions/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SignedIn = Callable[[str], httpx.Client]


def is_in(client: httpx.Client) -> bool:
    return client.get("/orgs/acme/").status_code == 200


def last_entry() -> tuple[str, str, str, object, object]:
    entry = entries_of(SITE)[0]
    return entry.actor, entry.action, entry.target, entry.before, entry.after


def test_a_full_name_is_what_others_read(signed_in: SignedIn) -> None:
    mel = signed_in("mel")
    assert 'value="Mel Meyer"' in mel.get(PROFILE).text
    assert post(mel, PROFILE, full_name="  Melanie van der Meyer ").status_code == 302
    assert named_user("mel").display_name == "Melanie van der Meyer"
    before, after = {"full_name": "Mel Meyer"}, {"full_name": "Melanie van der Meyer"}
    assert last_entry() == ("mel", "user.renamed", "mel", before, after)
    assert "Melanie van der Meyer" in signed_in("olivia").get("/orgs/acme/members/").text

    rows = entries_of(SITE).count()
    post(mel, PROFILE, full_name="Melanie van der Meyer")
    assert entries_of(SITE).count() == rows  # an unchanged wish changes nothing
    assert post(mel, PROFILE, full_name="").status_code == 302
    assert named_user("mel").display_name == "mel"


def test_a_name_that_is_too_long_stays_in_the_form(signed_in: SignedIn) -> None:
    answer = post(signed_in("mel"), PROFILE, full_name="x" * 151)
    assert answer.status_code == 400
    assert f'value="{"x" * 151}"' in answer.text
    assert named_user("mel").display_name == "Mel Meyer"


def test_the_user_name_can_t_be_changed(signed_in: SignedIn) -> None:
    post(signed_in("mel"), PROFILE, full_name="Mel", username="melanie")
    assert named_user("mel").display_name == "Mel"


def test_one_session_is_ended_from_another(signed_in: SignedIn) -> None:
    here, there = signed_in("mel"), signed_in("mel")
    UserSession.objects.filter(session_key=there.cookies["sessionid"]).update(user_agent=FIREFOX)
    page = here.get(SESSIONS).text
    assert "Firefox on Linux" in page
    assert page.count("This one") == 1
    assert here.cookies["sessionid"] not in page
    assert there.cookies["sessionid"] not in page

    number = UserSession.objects.get(session_key=there.cookies["sessionid"]).pk
    token = here.cookies["csrftoken"]
    answer = here.post(f"{SESSIONS}{number}/end/", headers={"X-CSRFToken": token})
    assert answer.status_code == 302
    assert (is_in(here), is_in(there)) == (True, False)
    before = {"address": "203.0.113.7", "browser": "Firefox on Linux"}
    assert last_entry() == ("mel", "session.ended", "mel", before, {})


def test_nobody_ends_another_s_session(signed_in: SignedIn) -> None:
    mel, olivia = signed_in("mel"), signed_in("olivia")
    olivia.get(SESSIONS)
    number = UserSession.objects.get(session_key=mel.cookies["sessionid"]).pk
    token = olivia.cookies["csrftoken"]
    answer = olivia.post(f"{SESSIONS}{number}/end/", headers={"X-CSRFToken": token})
    assert answer.status_code == 404
    assert is_in(mel)


def test_all_other_sessions_are_ended_noted_or_not(signed_in: SignedIn) -> None:
    here, there, forgotten = (signed_in("mel") for _ in range(3))
    other = signed_in("olivia")
    UserSession.objects.filter(session_key=forgotten.cookies["sessionid"]).delete()
    here.get(SESSIONS)
    token = here.cookies["csrftoken"]
    answer = here.post(f"{SESSIONS}end-others/", headers={"X-CSRFToken": token})
    assert answer.status_code == 302
    assert [is_in(one) for one in (here, there, forgotten, other)] == [True, False, False, True]
    assert last_entry()[:3] == ("mel", "session.all_others_ended", "mel")
    assert UserSession.objects.filter(user=named_user("mel")).count() == 1


def test_what_ended_with_the_password_is_not_listed(
    signed_in: SignedIn, demo: dict[str, str]
) -> None:
    here, there = signed_in("mel"), signed_in("mel")
    new = "a passphrase of some length"
    post(
        here,
        "/accounts/password/change/",
        oldpassword=demo["DEMO_PASSWORD"],
        password1=new,
        password2=new,
    )
    assert (is_in(here), is_in(there)) == (True, False)
    assert here.get(SESSIONS).text.count("<h3") == 1
    set_password(Actor.site_staff(), named_user("mel"), "another-Passw0rd-entirely")
    assert not UserSession.objects.filter(user=named_user("mel")).exists()


def test_sessions_that_are_over_are_cleared_away(signed_in: SignedIn) -> None:
    here, over = signed_in("mel"), signed_in("mel")
    UserSession.objects.filter(session_key=over.cookies["sessionid"]).update(session_key="gone")
    assert here.get(SESSIONS).text.count("<h3") == 1
    clear_expired_sessions()
    assert not UserSession.objects.filter(session_key="gone").exists()
    assert UserSession.objects.filter(session_key=here.cookies["sessionid"]).exists()


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit Chrome/140 Safari/537 Edg/140",
            "Edge on Windows",
        ),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Version/18 Safari/605", "Safari on a Mac"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18 like Mac OS X) CriOS/140 Safari",
            "Chrome on an iPhone",
        ),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140 Mobile Safari/537", "Chrome on Android"),
        ("curl/8.5.0", "curl"),
        ("", "An unknown browser"),
        ("<script>", "An unknown browser"),
    ],
)
def test_browsers_have_names(user_agent: str, name: str) -> None:
    assert browser_name(user_agent) == name
