"""Finding members, changing their teams, removing them, leaving: with and without JavaScript."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints, Visit
from tests.browser.steps import accessibility_violations
from tests.served import DemoSite

COME = """
from orgs.actor import Actor
from orgs.member_operations import add_member
from orgs.operations import create_user
from orgs.queries import organization_named, user_named
for name in ("pia", "piet", "pim"):
    user = user_named(name) or create_user(
        Actor.site_staff(),
        username=name,
        email=f"{name}@example.com",
        password=None,
        full_name=f"{name.title()} Park",
    )
    add_member(Actor.site_staff(), organization_named("acme"), user)
"""
GO = """
from orgs.actor import Actor
from orgs.member_operations import remove_members
from orgs.queries import organization_named
remove_members(Actor.site_staff(), organization_named("acme"), ["pia", "piet", "pim"])
"""


@pytest.fixture
def _more_people(site: DemoSite) -> Iterator[None]:
    site.manage("shell", "--verbosity=0", "--command", COME)
    yield
    site.manage("shell", "--verbosity=0", "--command", GO)


def open_members(page: Page) -> None:
    """Come to acme's members from the start page, by its links alone."""
    page.goto("/")
    page.get_by_role("link", name="Acme Corporation").click()
    page.get_by_role("navigation", name="Pages of the organization").get_by_role(
        "link", name="Members"
    ).click()
    expect(page.get_by_role("heading", name="Members", level=1)).to_be_visible()


def find(page: Page, words: str) -> None:
    page.get_by_role("search").get_by_role("textbox").fill(words)
    page.get_by_role("button", name="Filter").click()


@pytest.mark.usefixtures("_more_people")
@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_an_owner_finds_changes_and_removes_members(visit: Visit, script: bool) -> None:
    olivia = visit("olivia", java_script_enabled=script)
    open_members(olivia)
    find(olivia, "pi park")
    expect(olivia.get_by_role("status")).to_contain_text("3 members fit the filter.")

    olivia.get_by_role("link", name="Pia Park").click()
    olivia.get_by_role("checkbox", name="builders").check()
    olivia.get_by_role("button", name="Save teams").click()
    expect(olivia.get_by_role("status")).to_contain_text("The teams of pia are saved.")
    expect(olivia.get_by_role("checkbox", name="builders")).to_be_checked()

    open_members(olivia)
    olivia.get_by_label("Team").select_option("builders")
    olivia.get_by_role("button", name="Filter").click()
    expect(olivia.get_by_role("row", name=re.compile("Pia Park"))).to_contain_text("builders")
    expect(olivia.get_by_role("row", name=re.compile("Piet"))).to_have_count(0)

    olivia.get_by_role("link", name="Show all").click()
    olivia.get_by_role("checkbox", name="Choose piet").check()
    olivia.get_by_role("checkbox", name="Choose pim").check()
    olivia.get_by_role("button", name="Remove the chosen…").click()
    expect(olivia.get_by_role("heading", level=1)).to_have_text("Remove 2 members")
    expect(olivia.get_by_text("This changes at once")).to_be_visible()
    olivia.get_by_role("button", name="Remove 2 members").click()
    expect(olivia.get_by_role("status").first).to_contain_text("No longer in acme: piet, pim.")
    expect(olivia.get_by_role("row", name=re.compile("Piet"))).to_have_count(0)
    expect(olivia.get_by_role("row", name=re.compile("Pia"))).to_be_visible()


def test_an_owner_downloads_the_members(visit: Visit, tmp_path: Path) -> None:
    olivia = visit("olivia")
    open_members(olivia)
    with olivia.expect_download() as download:
        olivia.get_by_role("link", name="Download as CSV").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert re.fullmatch(r"acme-members-\d{8}-\d{6}\.csv", file.name)
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))
    assert {"olivia", "mel", "gus"} <= {row["Username"] for row in rows}


def test_a_member_reads_the_list_and_leaves(
    visit: Visit, complaints: Complaints, site: DemoSite
) -> None:
    complaints.expect_status(404)  # acme, for whoever has left it
    gus = visit("gus")
    open_members(gus)
    expect(gus.get_by_role("row", name=re.compile("Mel Meyer"))).to_be_visible()
    expect(gus.get_by_role("checkbox")).to_have_count(0)
    expect(gus.get_by_text("@example.com")).to_have_count(0)
    find(gus, "nobody at all")
    expect(gus.get_by_text("Nobody fits the filter.")).to_be_visible()
    assert accessibility_violations(gus) == []

    gus.get_by_role("link", name="Leave acme…").click()
    gus.get_by_role("button", name="Leave acme").click()
    expect(gus.get_by_role("status")).to_contain_text("no longer a member of acme")
    expect(gus.get_by_role("main").get_by_role("link", name=re.compile("Acme"))).to_have_count(0)
    gus.goto("/orgs/acme/members/")
    expect(gus.get_by_role("heading", name="There is nothing here")).to_be_visible()
    site.manage("add_member", "acme", "gus")


def test_the_only_owner_is_told_why_not(visit: Visit) -> None:
    olivia = visit("olivia")
    olivia.goto("/orgs/acme/members/olivia/")
    expect(olivia.get_by_role("heading", name="Olivia Okafor", level=1)).to_be_visible()
    olivia.get_by_role("link", name="Leave acme…").click()
    expect(olivia.get_by_role("heading", name="You are the only owner")).to_be_visible()
    expect(olivia.get_by_role("button", name="Leave acme")).to_have_count(0)
    olivia.get_by_role("link", name="Make another member an owner").click()
    expect(olivia.get_by_role("heading", name="owners", level=1)).to_be_visible()
