"""An organization's overview: what owners do first, and the pulls of the last days."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest
from django.core.cache import cache
from django_scopes import scope

from audit.models import DailyPulls
from home.chart import DAYS, HEIGHT, Chart, pulls_by_day
from orgs.models import Organization
from orgs.queries import organization_named
from permissions.models import ImageAccessPolicy
from tests.conftest import Log

pytestmark = pytest.mark.django_db
OVERVIEW = "/orgs/acme/"
PUT_AWAY = "/orgs/acme/checklist/put-away/"
TODAY = date(2026, 3, 14)
SignedIn = Callable[[str], httpx.Client]


def steps(page: str) -> dict[str, bool]:
    """The steps of the list on the page, and which of them are done."""
    items = page.partition('<ol class="checklist">')[2].partition("</ol>")[0].split("<li")[1:]
    return {item.partition('/">')[2].partition("</a>")[0]: "Done</span>" in item for item in items}


def test_owners_see_what_is_left_to_do(signed_in: SignedIn, acme: Organization) -> None:
    olivia, ivan = signed_in("olivia"), signed_in("ivan")
    assert steps(olivia.get(OVERVIEW).text) == {
        "Connect a registry": True,
        "Take a namespace": True,
        "Invite people": True,
        "Try the rules": False,
        "Enforce sign-in": False,
    }
    page = ivan.get("/orgs/initech/").text
    assert not any(steps(page).values())
    assert "needs the Business plan" in page
    assert steps(signed_in("mel").get(OVERVIEW).text) == {}


def test_the_list_is_put_away_for_all_owners(signed_in: SignedIn) -> None:
    olivia = signed_in("olivia")
    assert steps(olivia.get(OVERVIEW).text)
    csrf = {"csrfmiddlewaretoken": olivia.cookies["csrftoken"]}
    for _ in range(2):
        assert olivia.post(PUT_AWAY, data=csrf).headers["location"] == OVERVIEW
    assert steps(olivia.get(OVERVIEW).text) == {}
    acme = organization_named("acme")
    assert acme is not None
    assert acme.is_set_up
    assert olivia.get("/orgs/acme/activity/").text.count("put away the list") == 1


def test_what_is_only_monitored_says_so(signed_in: SignedIn, acme: Organization) -> None:
    with scope(organization=acme):
        ImageAccessPolicy.objects.update(enabled=True, mode="monitor")
    assert "Only monitored" in signed_in("mel").get(OVERVIEW).text


def test_the_chart_is_for_owners(signed_in: SignedIn, log: Log) -> None:
    olivia, mel = signed_in("olivia"), signed_in("mel")
    assert "No registry has asked about a pull" in olivia.get(OVERVIEW).text
    log()
    log(allowed=True, rule="owner", subject_id="olivia")
    page = olivia.get(OVERVIEW).text
    assert "Pulls by day: 1 allowed, 1 refused." in page
    assert 'height="55.0"' in page
    assert "Pulls of the last" not in mel.get(OVERVIEW).text


def test_bars_are_as_high_as_there_were_pulls() -> None:
    chart = Chart({TODAY: {True: 30, False: 10}, TODAY - timedelta(days=1): {True: 10}}, TODAY)
    *before, yesterday, today = chart.bars
    assert len(chart.bars) == DAYS
    assert (today.allowed_height, today.refused_height) == (0.75 * HEIGHT, 0.25 * HEIGHT)
    assert today.refused_y == 0
    assert today.allowed_y == 0.25 * HEIGHT
    assert (yesterday.allowed_height, yesterday.refused_height) == (0.25 * HEIGHT, 0)
    assert all(bar.allowed_height == bar.refused_height == 0 for bar in before)
    assert today.x + chart.bar_width == chart.width
    assert (chart.allowed, chart.refused, chart.most) == (40, 10, 40)


def test_days_without_pulls_are_flat() -> None:
    chart = Chart({}, TODAY)
    assert chart.most == 0
    assert {bar.allowed_height for bar in chart.bars} == {0}


def test_todays_pulls_are_counted_at_once_and_past_days_remembered(
    log: Log, acme: Organization, globex: Organization
) -> None:
    now = datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=UTC)
    log(at=now - timedelta(days=1))
    log(at=now - timedelta(days=DAYS))
    log(organization="globex", at=now)
    assert pulls_by_day(acme.pk, TODAY).refused == 1
    log(at=now)
    assert pulls_by_day(acme.pk, TODAY).refused == 2
    DailyPulls.objects.filter(date__lt=TODAY).delete()
    assert pulls_by_day(acme.pk, TODAY).refused == 2
    assert pulls_by_day(globex.pk, TODAY).refused == 1
    cache.clear()
    assert pulls_by_day(acme.pk, TODAY).refused == 1
