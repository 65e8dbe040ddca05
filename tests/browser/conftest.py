"""People's browsers: Chromium, steered by Playwright, on the served site (`tests.served`)."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Protocol

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    StorageState,
    ViewportSize,
    WebError,
    sync_playwright,
)

from tests.browser.steps import sign_in
from tests.served import DemoSite, required
from tests.services.process import program

# Root needs the first; the rest keep it from drawing on a GPU that isn't there and from calling
# its maker.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PATIENCE = 10_000  # milliseconds that a locator is waited for


class Visit(Protocol):
    """Opens a browser window of its own; `options` are those of Playwright's new_context."""

    def __call__(self, person: str = "", **options: Any) -> Page: ...


class Complaints:
    """What the browser complained about: errors in scripts, loading, content security."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.expected: list[str] = []

    def expect(self, words: str) -> None:
        """The browser will complain with these words, and that is as it should be."""
        self.expected.append(words)

    def expect_status(self, status: int) -> None:
        """An answer with this status is coming, about which the browser will complain."""
        self.expect(f"the server responded with a status of {status}")

    def hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.heard.append(f"{message.text} ({message.location['url']})")

    def hear_error(self, error: WebError) -> None:
        self.heard.append(str(error.error))

    def unexpected(self) -> list[str]:
        return [
            complaint
            for complaint in self.heard
            if not any(words in complaint for words in self.expected)
        ]

    def missing(self) -> list[str]:
        return [
            words
            for words in self.expected
            if not any(words in complaint for complaint in self.heard)
        ]


# For the package, not the session: while Playwright runs, its event loop does, and in a thread
# with one Django refuses the database to the tests that come later.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with required():
        chromium = program("chromium", package="chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def sessions() -> dict[str, StorageState]:
    """The cookies of those who have signed in: once each, as a sign-in takes its time."""
    return {}


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    complaints = Complaints()
    yield complaints
    assert complaints.unexpected() == []
    assert complaints.missing() == []


@pytest.fixture
def password(site: DemoSite) -> Iterator[str]:
    """Of nina, who has no second factor when the test begins, and none when it has ended."""
    yield site.env["DEMO_PASSWORD"]
    site.manage("remove_second_factor", "nina")


@pytest.fixture
def visit(
    browser: Browser,
    site: DemoSite,
    sessions: dict[str, StorageState],
    complaints: Complaints,
) -> Iterator[Visit]:
    with ExitStack() as stack:

        def window(**options: Any) -> Page:
            context = browser.new_context(**({"base_url": site.url, "viewport": DESKTOP} | options))
            stack.callback(context.close)
            context.set_default_timeout(PATIENCE)
            context.on("console", complaints.hear)
            context.on("weberror", complaints.hear_error)
            return context.new_page()

        def open_window(person: str = "", **options: Any) -> Page:
            if not person:
                return window(**options)
            if person not in sessions:
                page = window()
                page.goto("/accounts/login/")
                sign_in(page, person, site.env["DEMO_PASSWORD"])
                page.wait_for_url(re.compile("/$"))
                sessions[person] = page.context.storage_state()
            return window(storage_state=sessions[person], **options)

        yield open_window
