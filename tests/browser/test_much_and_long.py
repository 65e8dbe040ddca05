"""Pages of an organization with many people, long names, and names from right to left."""

import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Complaints, Visit
from tests.browser.pages import NOT_FOUND, ORGANIZATION
from tests.browser.steps import accessibility_violations
from tests.browser.test_every_page import PHONE, open_all_details
from tests.served import DemoSite
from tests.services.process import run_to_end

NAME = "long-names"
DISPLAY_NAME = "مؤسسة عبد الرحمن Donaudampfschifffahrtsgesellschaft"
PATHS = [
    path.replace("/acme/", f"/{NAME}/").replace("/mel/", "/ivan/").replace("builders", "platform")
    for path in ORGANIZATION
    # What it has not: a registry of that name, and what acme has under a number.
    if path not in (NOT_FOUND, "/orgs/acme/settings/registries/acme/") and not path.endswith("/1/")
]


@pytest.fixture(scope="module")
def filled(site: DemoSite) -> None:
    manage = [sys.executable, str(Path(__file__).parents[2] / "manage.py")]
    made = ["create_organization", NAME, "--owner=ivan", f"--display-name={DISPLAY_NAME}"]
    run_to_end([*manage, *made], env=site.environment)
    fill = f"from tests.interesting import fill; fill({NAME!r})"
    run_to_end([*manage, "shell", "-c", fill], env=site.environment)


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_runs_out_of_its_place(visit: Visit, complaints: Complaints, theme: str) -> None:
    page = visit("ivan", viewport=PHONE, color_scheme=theme)
    wide, wrong = [], []
    for path in [*PATHS, f"/orgs/{NAME}/settings/access-tokens/", f"/orgs/{NAME}/teams/hebrew/"]:
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        open_all_details(page)
        if page.evaluate("document.scrollingElement.scrollWidth > innerWidth"):
            wide.append(path)
        wrong += accessibility_violations(page)
    assert wide == []
    assert wrong == []


@pytest.mark.usefixtures("filled")
def test_names_from_right_to_left_stay_within_themselves(visit: Visit) -> None:
    page = visit("ivan")
    page.goto(f"/orgs/{NAME}/members/")
    row = page.get_by_role("row", name="أميرة عبد الرحمن")
    expect(row).to_contain_text("amira")
    direction = row.get_by_text("أميرة عبد الرحمن").evaluate(
        "one => getComputedStyle(one).direction"
    )
    assert direction == "rtl"
    assert page.evaluate("getComputedStyle(document.body).direction") == "ltr"
