"""Light and dark."""

from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit

Theme = Literal["light", "dark"]
OTHER: dict[Theme, Theme] = {"light": "dark", "dark": "light"}
# A colour may be written in many ways; a canvas gives its red, green and blue.
BACKGROUND_IS = """theme => {
    const canvas = document.createElement("canvas").getContext("2d");
    canvas.fillStyle = getComputedStyle(document.body).backgroundColor;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue] = canvas.getImageData(0, 0, 1, 1).data;
    return theme === (red + green + blue > 3 * 128 ? "light" : "dark");
}"""


def expect_drawn(page: Page, theme: Theme) -> None:
    """The page's background is what is looked at, not what the page says about itself."""
    page.wait_for_function(BACKGROUND_IS, arg=theme)


@pytest.mark.parametrize("system", ["light", "dark"])
def test_the_theme_is_the_systems_until_one_is_chosen(visit: Visit, system: Theme) -> None:
    page = visit(color_scheme=system)
    page.goto("/")
    expect_drawn(page, system)
    page.emulate_media(color_scheme=OTHER[system])
    expect_drawn(page, OTHER[system])
    page.emulate_media(color_scheme=system)

    theme = page.get_by_label("Theme")
    theme.select_option(OTHER[system].capitalize())
    expect_drawn(page, OTHER[system])
    page.get_by_role("main").get_by_role("link", name="Sign in").click()
    expect(theme).to_have_value(OTHER[system])
    expect_drawn(page, OTHER[system])

    theme.select_option("System")
    page.reload()
    expect_drawn(page, system)


def test_a_theme_chosen_in_one_window_is_that_of_all(visit: Visit) -> None:
    one = visit(color_scheme="light")
    other = one.context.new_page()
    for window in (one, other):
        window.goto("/")
    one.get_by_label("Theme").select_option("Dark")

    expect(other.get_by_label("Theme")).to_have_value("dark")
    expect_drawn(other, "dark")


def test_without_scripts_no_theme_is_offered(visit: Visit) -> None:
    page = visit(java_script_enabled=False)
    page.goto("/")

    expect(page.get_by_text("Theme", exact=True)).to_be_hidden()
