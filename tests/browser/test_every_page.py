"""What holds for every page: anybody can use it, on a phone too."""

import pytest
from django.urls import resolve
from playwright.sync_api import Page

from hubadmin.routes import site_routes
from tests.browser.conftest import Complaints, Visit
from tests.browser.pages import NO_PAGES, NOT_FOUND, PAGES
from tests.browser.steps import accessibility_violations

PHONE = {"width": 375, "height": 700}
MOST_FETCHED = 150 * 1024  # bytes, as they come over the wire


@pytest.fixture(params=PAGES, ids=lambda person: person or "anonymous")
def person(request: pytest.FixtureRequest, complaints: Complaints) -> str:
    person: str = request.param
    if NOT_FOUND in PAGES[person]:
        complaints.expect_status(404)
    return person


def test_no_page_is_left_out() -> None:
    shown = {resolve(path.partition("?")[0]).func for paths in PAGES.values() for path in paths}
    assert {route.pattern for route in site_routes() if route.view not in shown} == NO_PAGES


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_accessible(visit: Visit, person: str, theme: str) -> None:
    page = visit(person, color_scheme=theme, reduced_motion="reduce")
    found = []
    for path in PAGES[person]:
        page.goto(path)
        open_all_details(page)
        # Or axe meets a line that is being replaced.
        page.wait_for_function("() => !document.querySelector('[hx-trigger^=every]')")
        found += accessibility_violations(page)
    assert found == []


def test_no_page_scrolls_sideways_on_a_phone(visit: Visit, person: str) -> None:
    page = visit(person, viewport=PHONE)
    wide = []
    for path in PAGES[person]:
        page.goto(path)
        open_all_details(page)
        if page.evaluate("document.scrollingElement.scrollWidth > innerWidth"):
            wide.append(path)
    assert wide == []


def test_a_script_that_got_into_a_page_does_not_run(visit: Visit, complaints: Complaints) -> None:
    page = visit("mel")
    page.goto("/")
    complaints.expect("Content Security Policy")
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.ran = true";
            document.body.append(script);
        }"""
    )
    assert page.evaluate("window.ran") is None


def open_all_details(page: Page) -> None:
    """Unfold what a page has folded; the menus in its bar only show one over the other."""
    page.evaluate("document.querySelectorAll('main details').forEach(one => one.open = true)")


def test_a_first_visit_fetches_little(visit: Visit, person: str) -> None:
    page = visit(person)
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Network.setCacheDisabled", {"cacheDisabled": True})
    fetched: list[float] = []
    network.on("Network.loadingFinished", lambda event: fetched.append(event["encodedDataLength"]))
    weights = {}
    for path in PAGES[person]:
        fetched.clear()
        page.goto(path, wait_until="networkidle")
        weights[path] = sum(fetched)
    assert {path: weight for path, weight in weights.items() if weight > MOST_FETCHED} == {}
    # A style sheet alone is more than this: nothing came from a cache uncounted.
    assert min(weights.values()) > 20 * 1024
