"""Moments and numbers, as their reader writes them."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit

GERMAN_IN_TOKYO = {"locale": "de-DE", "timezone_id": "Asia/Tokyo"}


def newest(page: Page) -> Locator:
    page.goto("/orgs/acme/activity/")
    return page.get_by_role("main").get_by_role("time").first


def moment_of(time: Locator) -> datetime:
    moment = time.get_attribute("datetime")
    assert moment is not None
    return datetime.fromisoformat(moment).astimezone(ZoneInfo("Asia/Tokyo"))


def test_what_is_recent_says_how_long_ago_and_when_on_hover(visit: Visit) -> None:
    time = newest(visit("olivia", **GERMAN_IN_TOKYO))
    # How long ago is told in the page's own words.
    expect(time).to_have_text(re.compile(r"^(just now|\d+ (minute|hour)s? ago)$"))
    at = moment_of(time)
    expect(time).to_have_attribute("title", re.compile(rf"{at.day}\. .* um {at:%H:%M:%S} GMT\+9"))


def test_what_is_older_stands_in_its_readers_language_and_time(visit: Visit) -> None:
    page = visit("olivia", **GERMAN_IN_TOKYO)
    page.clock.set_fixed_time("2040-01-01T00:00:00Z")
    time = newest(page)
    expect(time).to_have_text(f"{moment_of(time):%d.%m.%Y, %H:%M}")
    expect(time).to_have_attribute("lang", "de-DE")


def test_without_scripts_a_moment_is_in_utc(visit: Visit) -> None:
    page = visit("olivia", java_script_enabled=False, **GERMAN_IN_TOKYO)
    time = newest(page)
    at = moment_of(time).astimezone(ZoneInfo("UTC"))
    expect(time).to_have_text(f"{at.day} {at:%b %Y, %H:%M} UTC")
