"""Tables and files on a phone: read without scrolling to and fro, and nothing broken in two."""

from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit
from tests.browser.test_every_page import PHONE, open_all_details

FITS = "one => one.scrollWidth <= one.clientWidth"


def roles(page: Page) -> list[str]:
    """The roles that assistive technology is told, of all that is on the page."""
    session = page.context.new_cdp_session(page)
    nodes: list[dict[str, Any]] = session.send("Accessibility.getFullAXTree")["nodes"]
    return [node["role"]["value"] for node in nodes if not node["ignored"]]


def label_of(cell: Locator) -> str:
    text: str = cell.evaluate("one => getComputedStyle(one, '::before').content")
    return text


def test_members_are_a_list_that_fits(visit: Visit) -> None:
    for person, column in (("olivia", "Last seen"), ("mel", "Joined")):
        page = visit(person, viewport=PHONE)
        page.goto("/orgs/acme/members/")
        assert page.get_by_role("group", name="Members").evaluate(FITS)
        row = page.get_by_role("row").filter(has=page.get_by_role("link", name="Mel Meyer"))
        cells = row.get_by_role("cell")
        expect(cells.last).to_be_visible()
        assert column in label_of(cells.last)
        assert {"table", "row", "rowheader", "cell"} <= set(roles(page))


def test_tables_of_the_documentation_fit_and_say_what_their_cells_are(visit: Visit) -> None:
    page = visit(viewport=PHONE)
    page.goto("/docs/administrators/settings/")
    tables = page.get_by_role("group", name="Table")
    assert tables.count() > 2
    assert all(table.evaluate(FITS) for table in tables.all())
    row = page.get_by_role("row").filter(has=page.get_by_text("TRUSTED_PROXIES", exact=True)).first
    assert "default" in label_of(row.get_by_role("cell").nth(1))
    assert {"table", "row", "cell"} <= set(roles(page))


def test_a_desk_breaks_no_name_of_a_setting(visit: Visit) -> None:
    page = visit()
    page.goto("/docs/administrators/settings/")
    for name in ("HUBADMIN_DIRECT_DATABASE_URL", "HUBADMIN_SECRET_KEY"):
        lines = page.get_by_text(name, exact=True).first.evaluate(
            "one => one.getClientRects().length"
        )
        assert lines == 1, name


def test_the_lines_of_a_file_stay_whole(visit: Visit) -> None:
    page = visit("olivia", viewport=PHONE)
    page.goto("/orgs/acme/settings/registries/acme/")
    open_all_details(page)
    file = page.get_by_text("rootcertbundle:").first
    assert file.evaluate("one => getComputedStyle(one.closest('pre')).whiteSpace") == "pre"
    expect(file).to_be_visible()
