"""Blocks and exceptions, as owners make them and members read them."""

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from django.utils import timezone

from home.templatetags import pages
from orgs.actor import Actor
from orgs.models import Organization
from orgs.operations import set_plan
from permissions.own_rule_operations import add_own_rule
from permissions.own_rule_queries import own_rules_of
from permissions.queries import policy_of
from tests.conftest import Log, post

pytestmark = pytest.mark.django_db
PAGE = "/orgs/acme/settings/permissions/rules/"
SignedIn = Callable[[str], httpx.Client]
WISH = {
    "effect": "exception",
    "target": "randomdev/*",
    "audience": "user",
    "name": "mel",
    "life": "7",
    "reason": "A trial",
}


def test_an_owner_makes_and_ends_a_rule(signed_in: SignedIn, acme: Organization) -> None:
    olivia = signed_in("olivia")
    assert post(olivia, PAGE, **WISH).is_redirect
    rule = own_rules_of(acme).get()
    assert (rule.target, rule.created_by, rule.reason) == (
        "docker.io/randomdev/*",
        "olivia",
        "A trial",
    )
    assert "docker.io/randomdev/*" in signed_in("mel").get(PAGE).text

    csrf = {"csrfmiddlewaretoken": olivia.cookies["csrftoken"]}
    assert olivia.post(f"{PAGE}{rule.pk}/end/", data=csrf).is_redirect
    rule.refresh_from_db()
    assert rule.ended_by == "olivia"
    again = olivia.post(f"{PAGE}{rule.pk}/end/", data=csrf, follow_redirects=True)
    assert "has no rule" in again.text
    assert "docker.io/randomdev/*" not in again.text.partition("Rules in force")[2]
    assert "Ended by olivia" in olivia.get(f"{PAGE}ended/").text


def test_a_rules_effect_and_its_end_stand_out(
    signed_in: SignedIn, acme: Organization, log: Log
) -> None:
    soon, later = (timezone.now() + timedelta(days=days) for days in (2, 20))
    staff = Actor.site_staff()
    one = add_own_rule(staff, acme, effect="exception", target="a/later", ends_at=later)
    add_own_rule(staff, acme, effect="exception", target="a/unused")
    two = add_own_rule(staff, acme, effect="block", target="a/soon", ends_at=soon)
    log(own_rule=one.pk, rule="exception", allowed=True)
    for days in (0, 0, 40):
        at = timezone.now() - timedelta(days=days)
        log(own_rule=two.pk, rule="blocked", at=at)
    log(own_rule=two.pk, rule="blocked", organization="globex")

    page = signed_in("olivia").get(PAGE).text.partition("Rules in force")[2]
    first, second, third = page.split("<h3")[1:4]
    assert "a/soon" in first
    assert "Ends soon" in first
    assert f"Refused {pages.number(2)} pulls in the last 30 days." in first
    assert "a/later" in second
    assert "Ends soon" not in second
    assert f"Let through {pages.number(1)} pull in the last 30 days." in second
    assert "Has changed no pull in the last 30 days." in third
    assert "in the last 30 days" not in signed_in("mel").get(PAGE).text


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"target": ""}, "This field is required."),
        ({"target": "Not An Image"}, "not valid"),
        ({"target": "community", "audience": "everyone", "name": ""}, "be for everyone"),
        ({"audience": "everyone"}, "takes no name"),
        ({"name": ""}, "Name the team or the member"),
        ({"name": "nina"}, "no member nina"),
        ({"audience": "planet"}, "Select a valid choice"),
        ({"life": "8"}, "Select a valid choice"),
        ({"effect": "wish"}, "Select a valid choice"),
        ({"reason": "x\x00"}, "Null characters"),
    ],
)
def test_a_rule_that_can_not_be_is_told_and_keeps_what_was_typed(
    signed_in: SignedIn, acme: Organization, change: dict[str, str], sentence: str
) -> None:
    answer = post(signed_in("olivia"), PAGE, **{**WISH, **change})
    assert answer.status_code == 400
    assert sentence in answer.text
    assert ("A trial" in answer.text) is ("reason" not in change)
    assert not own_rules_of(acme).exists()


def test_members_read_and_change_nothing(signed_in: SignedIn, acme: Organization) -> None:
    rule = add_own_rule(Actor.site_staff(), acme, effect="block", target="library/alpine")
    mel = signed_in("mel")
    page = mel.get(PAGE).text
    assert "docker.io/library/alpine" in page
    assert "<form" not in page.partition("<main")[2].partition("</main")[0]
    mel.get("/account/settings/tokens/")
    csrf = {"csrfmiddlewaretoken": mel.cookies["csrftoken"]}
    assert mel.post(PAGE, data={**WISH, **csrf}).status_code == 403
    assert mel.post(f"{PAGE}{rule.pk}/end/", data=csrf).status_code == 403
    assert own_rules_of(acme).get().ended_at is None


def test_anothers_rule_can_not_be_ended(
    signed_in: SignedIn, acme: Organization, globex: Organization
) -> None:
    rule = add_own_rule(Actor.site_staff(), globex, effect="block", target="library/alpine")
    olivia = signed_in("olivia")
    olivia.get(PAGE)
    csrf = {"csrfmiddlewaretoken": olivia.cookies["csrftoken"]}
    olivia.post(f"{PAGE}{rule.pk}/end/", data=csrf)
    olivia.post(f"{PAGE}{'9' * 30}/end/", data=csrf)
    assert own_rules_of(globex).get().ended_at is None


def test_p8_without_the_plan_rules_are_kept(signed_in: SignedIn, acme: Organization) -> None:
    olivia = signed_in("olivia")
    olivia.get(PAGE)
    set_plan(Actor.site_staff(), acme, Organization.Plan.FREE)
    csrf = {"csrfmiddlewaretoken": olivia.cookies["csrftoken"]}
    assert olivia.post(PAGE, data={**WISH, **csrf}).status_code == 403


def test_monitoring_is_chosen_beside_the_switches(signed_in: SignedIn, acme: Organization) -> None:
    olivia, permissions = signed_in("olivia"), "/orgs/acme/settings/permissions/"
    answer = post(olivia, permissions, enabled="on", allow_official_images="on", mode="monitor")
    assert answer.is_redirect
    assert policy_of(acme).mode == "monitor"
    assert "Only monitoring" in olivia.get(permissions).text
    # A form that doesn't say leaves it alone.
    post(olivia, permissions, enabled="on")
    assert policy_of(acme).mode == "monitor"
    assert post(olivia, permissions, enabled="on", mode="dream").status_code == 400
