"""An owner makes a team, fills it, changes it and lets it go; a member reads along."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints, Visit
from tests.browser.steps import accessibility_violations


def open_teams(page: Page) -> None:
    """Come to acme's teams from the start page, by its links alone."""
    page.goto("/")
    page.get_by_role("link", name="Acme Corporation").click()
    page.get_by_role("link", name="Teams", exact=True).click()
    expect(page.get_by_role("heading", name="Teams", level=1)).to_be_visible()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_team_from_its_making_to_its_end(
    visit: Visit, complaints: Complaints, script: bool
) -> None:
    complaints.expect_status(400)  # where the name to confirm is not typed right
    olivia = visit("olivia", java_script_enabled=script)
    name = f"research-{script}".lower()
    open_teams(olivia)
    olivia.get_by_label("Name", exact=True).fill(name)
    olivia.get_by_label("Description").fill("Tries what is new.")
    olivia.get_by_role("button", name="Create team").click()
    expect(olivia.get_by_role("status")).to_contain_text(f"The team {name} is there")

    olivia.get_by_label("User names").fill("mel, gus")
    olivia.get_by_role("button", name="Add to the team").click()
    expect(olivia.get_by_role("status")).to_contain_text(f"Now in {name}: gus, mel.")

    mel = visit("mel")
    open_teams(mel)
    mel.get_by_role("link", name=re.compile(name)).click()
    expect(mel.get_by_role("row", name="Gus García")).to_be_visible()
    expect(mel.get_by_role("main").get_by_role("button")).to_have_count(0)
    expect(mel.get_by_role("checkbox")).to_have_count(0)

    olivia.get_by_label("Choose mel").check()
    olivia.get_by_text("Take the chosen out of the team…").click()
    olivia.get_by_role("button", name="Take out").click()
    expect(olivia.get_by_role("status")).to_contain_text(f"No longer in {name}: mel.")

    olivia.get_by_role("link", name="Change team").click()
    olivia.get_by_label("Name", exact=True).fill(f"{name}-two")
    olivia.get_by_label("may push and delete").check()
    olivia.get_by_role("button", name="Save").click()
    expect(olivia.get_by_role("heading", level=1)).to_have_text(f"{name}-two")
    expect(olivia.get_by_text("Its members may push")).to_be_visible()

    olivia.get_by_role("link", name="Delete team…").click()
    olivia.get_by_label("Type its name to confirm").fill(name)
    olivia.get_by_role("button", name="Delete team").click()
    expect(olivia.get_by_text("exactly as it is written here")).to_be_visible()
    olivia.get_by_label("Type its name to confirm").fill(f"{name}-two")
    olivia.get_by_role("button", name="Delete team").click()
    expect(olivia.get_by_role("status")).to_contain_text("is deleted")


def test_the_owners_team_keeps_its_last_owner(visit: Visit) -> None:
    olivia = visit("olivia")
    open_teams(olivia)
    olivia.get_by_role("link", name=re.compile("^owners")).click()
    expect(olivia.get_by_text("This team is built in")).to_be_visible()
    expect(olivia.get_by_role("link", name="Delete team…")).to_have_count(0)
    olivia.get_by_label("Choose olivia").check()
    olivia.get_by_text("Take the chosen out of the team…").click()
    olivia.get_by_role("button", name="Take out").click()
    expect(olivia.get_by_role("alert")).to_contain_text("without an active owner")
    assert accessibility_violations(olivia) == []

    # Promoted and demoted again by the same page.
    olivia.get_by_label("User names").fill("mel")
    olivia.get_by_role("button", name="Make owners").click()
    expect(olivia.get_by_role("status")).to_contain_text("Owners now: mel.")
    mel = visit("mel")
    mel.goto("/orgs/acme/teams/")
    expect(mel.get_by_role("button", name="Create team")).to_be_visible()
    olivia.get_by_label("Choose mel").check()
    olivia.get_by_text("Take the chosen out of the team…").click()
    olivia.get_by_role("button", name="Take out").click()
    expect(olivia.get_by_role("status")).to_contain_text("No longer in owners: mel.")
