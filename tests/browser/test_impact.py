"""What a restriction would do, seen before it is saved; and monitoring before enforcing."""

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit
from tests.browser.steps import ORG_PERMISSIONS, accessibility_violations, cells, save, switch
from tests.served import DemoSite, SetPolicy

IAM, OFFICIAL = "Image Access Management", "Official images"
# Pulled in these tests alone, so that the numbers are theirs; and so often that it is among those
# that the page lists, whatever else was pulled before.
TOOL = "docker.io/impactdev/tool"
OFTEN = 100


def ask(site: DemoSite, who: str, image: str) -> bool:
    """Ask as acme's registry does; the answer goes into the pull log."""
    answer = httpx.post(
        f"{site.url}/access/v1/evaluation",
        headers={"Authorization": f"Bearer {site.env['ACME_REGISTRY_TOKEN']}"},
        json={
            "subject": {"type": "user", "id": who},
            "action": {"name": "pull"},
            "resource": {"type": "image", "id": image},
        },
    )
    allowed: bool = answer.raise_for_status().json()["decision"]
    return allowed


@pytest.fixture
def pulls(site: DemoSite, visit: Visit) -> None:
    """Mel has pulled a community image, and the log has it."""
    image = f"{TOOL}:1"
    for _ in range(OFTEN):
        ask(site, "mel", image)
    olivia = visit("olivia")
    for _ in range(20):
        olivia.goto(f"/orgs/acme/activity/pulls/?repository={TOOL}")
        if olivia.get_by_role("main").get_by_text(image).count() >= 30:
            break
        olivia.wait_for_timeout(250)


def row_of(page: Page | Locator, table: str, name: str) -> list[str]:
    """The cells of a row in a named table that begin with a name."""
    found = [row for row in cells(page.get_by_role("group", name=table)) if row[0] == name]
    assert len(found) == 1, (table, name)
    return found[0]


@pytest.mark.usefixtures("pulls", "set_policy")
def test_the_impact_follows_the_switches(visit: Visit, site: DemoSite) -> None:
    olivia = visit("olivia")
    olivia.goto(ORG_PERMISSIONS)
    before = olivia.get_by_role("region", name="Before you save")
    expect(before).to_contain_text("Nothing is refused while Image Access Management is disabled.")

    switch(olivia, IAM).check()
    expect(before).to_contain_text("Pulls of community images by members of acme will fail.")
    expect(before).to_contain_text("would have been refused")
    assert row_of(olivia, "Repositories", TOOL)[3] == "community images are restricted"
    assert row_of(olivia, "Repositories", TOOL)[2] == "mel"
    # This repository, and what Mel pulls in the demo.
    assert int(row_of(olivia, "Members and tokens", "mel")[2]) >= 2

    switch(olivia, OFFICIAL).uncheck()
    expect(before).to_contain_text("Pulls of official and community images")
    assert accessibility_violations(olivia) == []
    assert site.settings("olivia")["enabled"] is False

    switch(olivia, IAM).uncheck()
    expect(before).to_contain_text("Nothing changes for members while")
    switch(olivia, OFFICIAL).check()
    expect(before).to_contain_text("The switches are as they are saved.")


@pytest.mark.usefixtures("pulls", "set_policy")
def test_without_scripts_the_impact_is_a_button_away(visit: Visit, site: DemoSite) -> None:
    olivia = visit("olivia", java_script_enabled=False)
    olivia.goto(ORG_PERMISSIONS)
    switch(olivia, IAM).check()
    olivia.get_by_role("button", name="Preview").click()

    before = olivia.get_by_role("region", name="Before you save")
    expect(before).to_contain_text("Pulls of community images by members of acme will fail.")
    assert row_of(olivia, "Repositories", TOOL)[2] == "mel"
    expect(switch(olivia, IAM)).to_be_checked()
    assert site.settings("olivia")["enabled"] is False
    save(olivia)
    expect(olivia.get_by_role("status")).to_contain_text("enabled and in force")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_olivia_monitors_first_and_enforces_then(
    visit: Visit, site: DemoSite, set_policy: SetPolicy, scripts: bool
) -> None:
    set_policy(enabled=False)
    olivia = visit("olivia", java_script_enabled=scripts)
    olivia.goto(ORG_PERMISSIONS)
    switch(olivia, IAM).check()
    olivia.get_by_role("radio", name="Only monitor").check()
    save(olivia)
    expect(olivia.get_by_role("status")).to_contain_text("only monitors")

    assert ask(site, "mel", f"{TOOL}:2")
    found = olivia.get_by_role("region", name="What monitoring found")
    for _ in range(20):
        olivia.reload()
        if TOOL in found.inner_text():
            break
        olivia.wait_for_timeout(250)
    assert row_of(found, "Repositories", TOOL)[3] == "community images are restricted"
    if scripts:
        assert accessibility_violations(olivia) == []

    found.get_by_role("button", name="Enforce now").click()
    expect(olivia.get_by_role("status")).to_contain_text("enabled and in force")
    expect(found).to_have_count(0)
    assert not ask(site, "mel", f"{TOOL}:2")
