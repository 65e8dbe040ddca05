"""An organization whose pages are only for members who have a second factor (ADR 0020)."""

from collections.abc import Callable

import httpx
import pytest
from django_scopes import scope

from audit.queries import entries_of
from hubadmin.routes import site_routes
from orgs.actor import Actor, Invalid, NotAllowed
from orgs.models import Organization
from orgs.operations import deactivate_user, require_second_factor
from orgs.queries import active_member_count, count_without_second_factor
from orgs.token_operations import create_personal_token
from permissions.queries import policy_of
from tests.conftest import named_organization, named_user, post
from tests.second_factors import PAGE, remove_app, set_up_app

pytestmark = pytest.mark.django_db
STAFF = Actor.site_staff()
OVERVIEW = "/orgs/acme/"
SETTINGS = "/orgs/acme/settings/"
REQUIRE = "/orgs/acme/settings/second-factor/"
RECOMMENDED = "As an owner, <a"
SignedIn = Callable[[str], httpx.Client]


def press(client: httpx.Client, required: str) -> str:
    """Press the button of the general settings; what the page says then."""
    token = {"csrfmiddlewaretoken": client.cookies["csrftoken"]}
    answer = client.post(REQUIRE, data=token | {"required": required})
    assert answer.headers["location"] == SETTINGS
    return client.get(SETTINGS).text


def paths_of_acme() -> list[str]:
    """An address for every route below an organization, but the one by which people leave."""
    found = []
    for route in site_routes():
        name, _, rest = route.pattern.partition("<name:org>/")
        if name == "orgs/" and rest != "leave/" and "<" not in rest:
            found.append(f"/orgs/acme/{rest}")
    return found


def test_an_owner_with_a_second_factor_requires_one_of_all(
    signed_in: SignedIn, demo: dict[str, str], acme: Organization
) -> None:
    olivia = signed_in("olivia")
    page = olivia.get(SETTINGS).text
    assert RECOMMENDED in page
    assert RECOMMENDED in olivia.get(OVERVIEW).text
    assert "Require two-factor authentication</button>" not in page
    assert "Set up two-factor authentication for yourself first" in press(olivia, "yes")

    set_up_app(olivia, demo["DEMO_PASSWORD"])
    everybody, version = active_member_count(acme), policy_of(acme).version
    page = olivia.get(SETTINGS).text
    assert RECOMMENDED not in page + olivia.get(OVERVIEW).text
    assert f'value="{everybody - 1}">' in page
    assert "acme now requires two-factor authentication." in press(olivia, "yes")
    press(olivia, "yes")
    assert "yes or no" in press(olivia, "")
    assert named_organization("acme").requires_second_factor
    assert "acme no longer requires" in press(olivia, "no")

    last, first = entries_of(acme.pk)[:2]
    assert (first.action, first.actor) == ("organization.second_factor_changed", "olivia")
    assert first.after == last.before == {"requires_second_factor": True}
    activity = olivia.get("/orgs/acme/activity/").text
    assert "changed who may open the organization" in activity
    assert "Optional</del>" in activity
    assert policy_of(acme).version == version  # no decision has changed


def test_members_without_one_see_only_the_way_in_and_the_way_out(
    signed_in: SignedIn, demo: dict[str, str], acme: Organization
) -> None:
    mel, outsider = signed_in("mel"), signed_in("nina")
    mel.get(OVERVIEW)
    require_second_factor(STAFF, acme, required=True)
    token = {"csrfmiddlewaretoken": mel.cookies["csrftoken"]}
    for path in paths_of_acme():
        answers = [mel.get(path), mel.post(path, data=token)]
        assert {answer.status_code for answer in answers} <= {302, 405}, path
        assert {answer.headers.get("location", PAGE) for answer in answers} == {PAGE}, path
    assert outsider.get(OVERVIEW).status_code == 404
    assert "acme" not in outsider.get(PAGE).text

    page = mel.get(PAGE).text
    assert "acme requires two-factor authentication, which you have not set up yet." in page
    assert "/orgs/acme/leave/" in page
    set_up_app(mel, demo["DEMO_PASSWORD"])
    assert "Open acme</a>" in mel.get(PAGE).text
    assert mel.get(OVERVIEW).status_code == 200
    assert mel.get(SETTINGS).text.count("<dd>Required</dd>") == 1
    remove_app(mel)
    assert mel.get(OVERVIEW).headers["location"] == PAGE


def test_leaving_needs_none(signed_in: SignedIn, acme: Organization) -> None:
    require_second_factor(STAFF, acme, required=True)
    mel = signed_in("mel")
    assert post(mel, "/orgs/acme/leave/").headers["location"] == "/"
    assert mel.get(OVERVIEW).status_code == 404
    assert "acme" not in mel.get(PAGE).text.partition("<main")[2].partition('role="status"')[0]


def test_other_organizations_and_tokens_go_on_as_before(
    signed_in: SignedIn, acme: Organization, globex: Organization
) -> None:
    require_second_factor(STAFF, globex, required=True)
    olivia = named_user("olivia")
    assert signed_in("olivia").get(OVERVIEW).status_code == 200
    require_second_factor(STAFF, acme, required=True)
    secret = create_personal_token(STAFF, olivia, label="CI", scope="repo:admin")[1]
    client = signed_in("nina")
    answer = client.get("/v2/orgs/acme/settings", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 200, answer.text


def test_only_owners_who_have_one_require_it(acme: Organization) -> None:
    for person, error in (("olivia", Invalid), ("mel", NotAllowed)):
        user = named_user(person)
        with pytest.raises(error):
            require_second_factor(Actor(person, "203.0.113.7", user), acme, required=True)
    assert not named_organization("acme").requires_second_factor


def test_who_is_suspended_is_not_counted(acme: Organization) -> None:
    with scope(organization=acme):
        before = count_without_second_factor(acme)
    deactivate_user(STAFF, named_user("mel"))
    assert count_without_second_factor(acme) == before - 1
