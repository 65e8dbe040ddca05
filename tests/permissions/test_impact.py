"""What wished-for settings would have done to the pulls of the last days; what monitoring found."""

from collections.abc import Callable
from datetime import timedelta
from itertools import product

import httpx
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from audit.models import DailyPulls
from home.templatetags import pages
from orgs.actor import Actor
from orgs.member_operations import add_member
from orgs.models import Organization
from orgs.operations import create_user, set_plan
from orgs.team_operations import create_team
from permissions import impact
from permissions.authorize import authorize
from permissions.core.own_rules import Audience
from permissions.core.policy import SubjectKind
from permissions.exception_operations import ask_for_exception
from permissions.facts import Asker, Claim
from permissions.monitor_queries import monitored
from permissions.operations import Settings, change_policy
from permissions.own_rule_operations import add_own_rule
from permissions.queries import policy_of
from tests.conftest import Log, named_user, post

pytestmark = pytest.mark.django_db
STAFF = Actor.site_staff()
PAGE = "/orgs/acme/settings/permissions/"
PREVIEW = f"{PAGE}preview/"
TOOL, ALPINE, LOKI = (
    "docker.io/randomdev/tool",
    "docker.io/library/alpine",
    "docker.io/grafana/loki",
)
SignedIn = Callable[[str], httpx.Client]


def foreseen(organization: Organization, wished: Settings) -> impact.Foreseen:
    policy = wished.over(policy_of(organization))
    return impact.foresee(organization, policy, timezone.now())


def pull(log: Log, who: str, repository: str, times: int = 1) -> None:
    for _ in range(times):
        log(
            subject_id=who,
            repository=repository,
            image=repository,
            rule="not_enabled",
            allowed=True,
        )


@pytest.mark.parametrize("settings", list(product([True, False], repeat=2)))
def test_what_is_foreseen_is_what_happens_then(
    acme: Organization, log: Log, settings: tuple[bool, bool]
) -> None:
    create_team(STAFF, acme, "research")
    add_member(STAFF, acme, named_user("gus"), teams=["research"])
    add_own_rule(
        STAFF, acme, effect="exception", target="community", audience=Audience.team("research")
    )
    add_own_rule(STAFF, acme, effect="block", target=ALPINE, audience=Audience.user("mel"))
    people = ("olivia", "mel", "gus")
    images = (TOOL, ALPINE, LOKI, "docker.io/acme/app", "ghcr.io/acme/app")
    for who, image in product(people, images):
        pull(log, who, image)
    wished = Settings(True, *settings)
    before = foreseen(acme, wished).impact

    change_policy(STAFF, acme, wished, None)
    asker = Asker(organization="acme")
    refused = {
        (who, image)
        for who, image in product(people, images)
        if not authorize(Claim(SubjectKind.USER, who), asker, image).allowed
    }
    assert before.refused == len(refused)
    assert {
        (subject.id, one.repository) for one in before.repositories for subject in one.subjects
    } == refused
    assert {who for who, _ in refused} == {one.subject.id for one in before.subjects}


def test_only_pulls_that_this_organization_decided_lately_count(
    acme: Organization, log: Log
) -> None:
    pull(log, "mel", TOOL, 2)
    log(at=timezone.now() - timedelta(days=40))
    log(organization="globex")
    log(action="push", rule="push_denied")
    log(rule="reported", allowed=True)
    log(rule="invalid_reference", repository="")
    found = foreseen(acme, Settings(True, True, True))
    assert (found.pulls, found.impact.refused, found.cut, found.share) == (2, 2, False, 100)


def test_lifting_a_restriction_tells_what_would_have_gone_through(
    acme: Organization, log: Log
) -> None:
    log(subject_id="mel", repository=ALPINE, rule="official_restricted")
    log(subject_id="mel", repository=ALPINE, rule="token_scope")
    log(subject_id="mel")
    found = foreseen(acme, Settings(True, True, True)).impact
    assert (found.refused, found.refused_before, found.released) == (1, 1, 1)


def test_what_is_too_much_to_look_at_is_said(
    acme: Organization, log: Log, monkeypatch: pytest.MonkeyPatch, signed_in: SignedIn
) -> None:
    for number in range(4):
        pull(log, "mel", f"{TOOL}{number}", 4 - number)
    monkeypatch.setattr(impact, "MOST_REPOSITORIES", 2)
    found = foreseen(acme, Settings(True, True, True))
    assert (found.pulls, found.looked_at, found.share, found.impact.refused) == (10, 7, 70, 7)
    monkeypatch.setattr(impact, "MOST_PAIRS", 1)
    assert foreseen(acme, Settings(True, True, True)).looked_at == 4
    assert "40 % of them all" in post_preview(signed_in("olivia"), enabled="on").text


def post_preview(client: httpx.Client, **fields: str) -> httpx.Response:
    client.get("/account/settings/tokens/")
    return client.post(PREVIEW, data={"csrfmiddlewaretoken": client.cookies["csrftoken"], **fields})


def test_an_owner_previews_and_nothing_is_saved(
    signed_in: SignedIn, acme: Organization, log: Log
) -> None:
    pull(log, "mel", TOOL, 3)
    pull(log, "olivia", TOOL, 5)
    olivia, before = signed_in("olivia"), Settings.of(policy_of(acme))
    page = post_preview(olivia, enabled="on", allow_official_images="on").text
    assert "<h1>Org Permissions</h1>" in page
    assert "Pulls of verified publisher and community images by members of acme will fail." in page
    assert f"<strong>{pages.number(3)} would have been refused</strong>" in page
    assert "randomdev/tool" in page
    assert "switch" in page
    assert Settings.of(policy_of(acme)) == before

    olivia.headers["HX-Request"] = "true"
    part = post_preview(olivia, enabled="on", allow_official_images="on").text
    assert "<h1>" not in part
    assert f"<strong>{pages.number(3)} would have been refused</strong>" in part
    assert 'hx-swap-oob="innerHTML"' in part


@pytest.mark.parametrize("who", ["mel", "gus"])
def test_members_learn_nothing_of_others_pulls(signed_in: SignedIn, log: Log, who: str) -> None:
    log(subject_id="zoe", repository="docker.io/zoe/secret", would_have="community_restricted")
    member = signed_in(who)
    assert post_preview(member, enabled="on").status_code == 403
    page = member.get(PAGE).text
    assert "secret" not in page
    assert "Before you save" not in page
    assert "htmx" not in page


def test_a_preview_of_nonsense_is_refused(signed_in: SignedIn) -> None:
    answer = post_preview(signed_in("olivia"), enabled="perhaps")
    assert answer.status_code == 400
    assert "A switch is either on or off." in answer.text


def test_p8_without_the_plan_there_is_nothing_to_preview(
    signed_in: SignedIn, acme: Organization
) -> None:
    set_plan(STAFF, acme, Organization.Plan.FREE)
    assert "Before you save" not in signed_in("olivia").get(PAGE).text


def test_queries_do_not_grow_with_what_was_pulled(
    acme: Organization, log: Log, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(50):
        pull(log, f"member{number}", f"{TOOL}{number}")
    with django_assert_max_num_queries(20):
        assert foreseen(acme, Settings(True, False, False)).pulls == 50


def test_the_page_asks_no_more_queries_when_there_is_more_to_show(
    signed_in: SignedIn, acme: Organization, log: Log
) -> None:
    change_policy(STAFF, acme, Settings(True, True, True, "monitor"), None)
    olivia = signed_in("olivia")
    olivia.get(PAGE)
    with CaptureQueriesContext(connection) as few:
        assert olivia.get(PAGE).status_code == 200
    for number in range(30):
        person = create_user(
            STAFF, username=f"p{number}", email=f"p{number}@example.com", password=None
        )
        add_member(STAFF, acme, person)
        add_own_rule(STAFF, acme, effect="block", target=f"a/b{number}")
        log(repository=f"{TOOL}{number}", would_have="community_restricted", allowed=True)
        ask_for_exception(Actor(person.username, None, person), acme, f"{TOOL}{number}")
    for page in (PAGE, f"{PAGE}rules/", f"{PAGE}requests/"):
        with CaptureQueriesContext(connection) as many:
            assert olivia.get(page).status_code == 200
        assert len(many) <= len(few), page


def test_monitoring_shows_what_it_found_and_the_way_to_enforce(
    signed_in: SignedIn, acme: Organization, log: Log
) -> None:
    change_policy(STAFF, acme, Settings(True, True, False, "monitor"), None)
    monitoring = {"rule": "monitored", "would_have": "community_restricted", "allowed": True}
    now = timezone.now()
    for days in (0, 0, 3, 40):
        log(at=now - timedelta(days=days), **monitoring)
    log(subject_id="gus", **monitoring)
    log(rule="official_allowed", allowed=True)
    found = monitored(acme, now.date())
    assert (found.pulls, found.subject_count, found.repository_count) == (4, 2, 1)
    assert [(day.date, day.pulls, day.height) for day in found.days if day.pulls] == [
        (now.date() - timedelta(days=3), 1, 33),
        (now.date(), 3, 100),
    ]

    olivia = signed_in("olivia")
    page = olivia.get(PAGE).text
    assert f"{pages.number(4)} pulls of the last 30 days would have been refused" in page
    assert "What monitoring found" not in signed_in("mel").get(PAGE).text

    form = dict(hidden_fields(page.partition("What monitoring found")[2]))
    assert olivia.post(PAGE, data=form).is_redirect
    assert Settings.of(policy_of(acme)) == Settings(True, True, False, "enforce")
    assert "What monitoring found" not in olivia.get(PAGE).text


def hidden_fields(html: str) -> list[tuple[str, str]]:
    """The hidden inputs of the first form in a piece of a page."""
    form = html.partition("<form")[2].partition("</form>")[0]
    pieces = form.split('<input type="hidden" name="')[1:]
    return [
        (piece.partition('"')[0], piece.split('value="')[1].partition('"')[0]) for piece in pieces
    ]


def test_enforcing_from_an_old_page_asks_again(signed_in: SignedIn, acme: Organization) -> None:
    change_policy(STAFF, acme, Settings(True, True, True, "monitor"), None)
    olivia = signed_in("olivia")
    form = dict(hidden_fields(olivia.get(PAGE).text.partition("What monitoring found")[2]))
    change_policy(STAFF, acme, Settings(True, False, True, "monitor"), None)
    answer = olivia.post(PAGE, data=form)
    assert answer.status_code == 409
    assert "changed these settings after you opened this page" in answer.text
    assert policy_of(acme).mode == "monitor"


def test_a_page_can_be_drawn_whatever_was_counted(
    signed_in: SignedIn, acme: Organization, log: Log
) -> None:
    log(subject_kind="token", subject_id="oat_1", repository="depot/app", image="depot:443/app")
    log(subject_kind="cluster", subject_id="prod/web", repository="docker.io/a/<b>")
    assert DailyPulls.objects.count() == 2
    page = post_preview(signed_in("olivia"), enabled="on")
    assert page.status_code == 200
    assert "<b>" not in page.text
    assert "prod/web" not in page.text  # what is no repository's name is refused as that
    assert "oat_1" in page.text
    assert post(signed_in("olivia"), PAGE, enabled="on").is_redirect
