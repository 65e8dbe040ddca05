"""Org Permissions: what owners can do there and members can't."""

from collections.abc import Callable
from html.parser import HTMLParser

import httpx
import pytest

from orgs.actor import Actor
from orgs.models import Organization
from orgs.operations import set_plan
from permissions.operations import Settings, change_policy
from permissions.queries import policy_of
from tests.conftest import post

pytestmark = pytest.mark.django_db
PAGE = "/orgs/acme/settings/permissions/"
SignedIn = Callable[[str], httpx.Client]
CONTROLS = ("input", "button", "select", "textarea", "form")
# Questions change nothing, so everybody has them.
ASKING_ABOUT_ONESELF = ["form", "input", "button"]
ASKING_ABOUT_ANYBODY = ["form", "input", "input", "button"]


class MainControls(HTMLParser):
    """Collects the controls that a page's main part has."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.inside = False
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: object) -> None:
        self.inside |= tag == "main"
        if self.inside and tag in CONTROLS:
            self.found.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.inside &= tag != "main"


def settings_of(organization: Organization) -> Settings:
    return Settings.of(policy_of(organization))


def test_p1_an_owner_saves(signed_in: SignedIn, acme: Organization) -> None:
    olivia = signed_in("olivia")
    answer = post(olivia, PAGE, enabled="on", allow_official_images="on")

    assert answer.status_code == 302
    assert answer.headers["location"] == PAGE
    assert settings_of(acme) == Settings(True, True, False, "enforce")
    assert "form" in MainControls(olivia.get(PAGE).text).found


def test_p1_a_members_page_has_nothing_to_change(signed_in: SignedIn, acme: Organization) -> None:
    answer = signed_in("mel").get(PAGE)

    assert answer.status_code == 200
    assert MainControls(answer.text).found == ASKING_ABOUT_ONESELF
    for setting in ("Official images", "Verified publisher images", "Community images"):
        assert setting in answer.text


def test_p1_a_members_form_is_refused_however_it_is_made(
    signed_in: SignedIn, acme: Organization
) -> None:
    mel = signed_in("mel")
    mel.get("/account/settings/tokens/")
    headers = {"X-CSRFToken": mel.cookies["csrftoken"]}
    for form in ({"enabled": "on"}, {}, {"enabled": "nonsense"}):
        answer = mel.post(PAGE, data=form, headers=headers)
        assert answer.status_code == 403
        assert "Only owners of acme" in answer.text
    assert settings_of(acme) == Settings(False, True, True, "enforce")


def test_p1_a_forged_form_is_nobodys_wish(signed_in: SignedIn, acme: Organization) -> None:
    answer = signed_in("olivia").post(PAGE, data={"enabled": "on"})

    assert answer.status_code == 403
    assert settings_of(acme) == Settings(False, True, True, "enforce")


@pytest.mark.parametrize(
    "form",
    [
        {"enabled": "1"},
        {"enabled": "on", "allow_official_images": "yes"},
        {"enabled": ""},
        {"enabled": "on", "seen_version": "newest"},
        {"enabled": "on", "seen_version": "0"},
        {"enabled": "on", "seen_version": "9" * 30},
        {"enabled": "on\x00"},
    ],
)
def test_a_form_that_makes_no_sense_changes_nothing(
    signed_in: SignedIn, acme: Organization, form: dict[str, str]
) -> None:
    assert post(signed_in("olivia"), PAGE, **form).status_code == 400
    assert settings_of(acme) == Settings(False, True, True, "enforce")


def test_p5_who_saves_second_sees_both_and_decides(signed_in: SignedIn, acme: Organization) -> None:
    olivia = signed_in("olivia")
    seen = policy_of(acme).settings_version
    by_another = Settings(True, False, True, "enforce")
    change_policy(Actor.site_staff(), acme, by_another, seen)

    wish = {"enabled": "on", "allow_official_images": "on"}
    asked = post(olivia, PAGE, **wish, seen_version=seen)
    assert asked.status_code == 409
    assert "<bdi>site staff</bdi> changed these settings" in asked.text
    assert settings_of(acme) == by_another

    newer = policy_of(acme).settings_version
    assert f'name="seen_version" value="{newer}"' in asked.text
    assert post(olivia, PAGE, **wish, seen_version=newer).status_code == 302
    assert settings_of(acme) == Settings(True, True, False, "enforce")


def test_p5_what_changed_in_ones_own_other_window_is_told_so(
    signed_in: SignedIn, acme: Organization
) -> None:
    olivia, seen = signed_in("olivia"), policy_of(acme).settings_version
    assert post(olivia, PAGE, enabled="on", seen_version=seen).status_code == 302
    asked = post(olivia, PAGE, allow_official_images="on", seen_version=seen)
    assert asked.status_code == 409
    assert "In another window, you changed these settings" in asked.text


def test_p8_without_the_plan_the_page_says_what_holds(
    signed_in: SignedIn, acme: Organization
) -> None:
    olivia = signed_in("olivia")
    set_plan(Actor.site_staff(), acme, Organization.Plan.TEAM)

    page = olivia.get(PAGE)
    assert "needs the Business plan" in page.text
    assert MainControls(page.text).found == ASKING_ABOUT_ANYBODY
    olivia.get("/account/settings/tokens/")
    answer = olivia.post(
        PAGE, data={"enabled": "on"}, headers={"X-CSRFToken": olivia.cookies["csrftoken"]}
    )
    assert answer.status_code == 403
    assert settings_of(acme) == Settings(False, True, True, "enforce")


def test_p7_the_page_says_how_long_old_tokens_live(signed_in: SignedIn) -> None:
    text = signed_in("mel").get(PAGE).text
    assert "Verify the restrictions" in text
    assert "60 seconds" in text or "one minute" in text or "a minute" in text
