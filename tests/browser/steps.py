"""What people do and see on many pages."""

import json
from importlib.resources import files
from itertools import product
from typing import Any, Literal

from playwright.sync_api import Locator, Page, expect

ORG_PERMISSIONS = "/orgs/acme/settings/permissions/"
ENFORCE_SIGN_IN = "/orgs/acme/settings/enforce-sign-in/"

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
ON_ITS_WAY = ".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added"

WIDTHS = (1280, 375)
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def sign_in(page: Page, person: str, password: str) -> None:
    """Fill in and send the sign-in form, which the page shows already."""
    page.get_by_label("User name or e-mail address").fill(person)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def open_settings(page: Page, name: str) -> None:
    """Come to a settings page of acme from the start page, by its links alone."""
    page.goto("/")
    page.get_by_role("link", name="Acme Corporation").click()
    page.get_by_role("link", name="Settings", exact=True).click()
    page.get_by_role("navigation", name="Settings").get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


def switch(page: Page, name: str) -> Locator:
    return page.get_by_role("switch", name=name)


def save(page: Page) -> None:
    page.get_by_role("button", name="Save").click()


def cells(table: Locator) -> list[list[str]]:
    """The words of a table, row by row."""
    rows = table.get_by_role("row").all_inner_texts()
    return [[cell.strip() for cell in row.split("\t")] for row in rows]


def accessibility_violations(page: Page) -> list[str]:
    """What axe finds wrong with the page as it is drawn once nothing in it is being fetched."""
    # What is replaced under axe's eyes it reports as the fault of the whole page.
    page.wait_for_load_state()
    page.wait_for_function("onItsWay => !document.querySelector(onItsWay)", arg=ON_ITS_WAY)
    page.evaluate(AXE)
    options = json.dumps({"resultTypes": ["violations"]})
    results: dict[str, Any] = page.evaluate(f"axe.run({options})")
    return [
        f"{page.url}: {violation['help']}: {node['target']}"
        for violation in results["violations"]
        for node in violation["nodes"]
    ]


def problems_in_every_look(page: Page) -> list[str]:
    """What axe finds wrong, and whether the page scrolls sideways: light and dark, on a desk and on
    a phone."""
    found, before = [], page.viewport_size
    for width, theme in product(WIDTHS, THEMES):
        page.set_viewport_size({"width": width, "height": 800})
        # Without motion, so that axe meets no colour that is still on its way.
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.wait_for_function(
            "theme => document.documentElement.dataset.bsTheme === theme", arg=theme
        )
        found += [f"{theme}, {width} px: {one}" for one in accessibility_violations(page)]
        if page.evaluate("document.scrollingElement.scrollWidth > innerWidth"):
            found.append(f"{width} px: {page.url} scrolls sideways")
    if before is not None:
        page.set_viewport_size(before)
    return found
