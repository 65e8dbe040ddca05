"""Making an organization, and thinking better of deleting it."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Complaints, Visit
from tests.browser.steps import accessibility_violations
from tests.served import DemoSite

PASSWORD = "correct horse battery"


def test_who_signs_up_is_told_to_look_into_their_mail(visit: Visit, site: DemoSite) -> None:
    page = visit()
    page.goto("/")
    page.get_by_role("main").get_by_role("link", name="Sign up").click()
    page.get_by_label("User name").fill("acme")
    page.get_by_label("E-mail address").fill("paula@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password, once more").fill(PASSWORD)
    page.get_by_role("button", name="Sign up", exact=True).click()
    expect(page.get_by_text("This name is taken.")).to_be_visible()
    expect(page.get_by_label("E-mail address")).to_have_value("paula@example.com")
    assert accessibility_violations(page) == []

    page.get_by_label("User name").fill("paula")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password, once more").fill(PASSWORD)
    page.get_by_role("button", name="Sign up", exact=True).click()
    expect(page.get_by_role("heading", name="Verify your e-mail address")).to_be_visible()


def test_an_organization_is_made_and_not_deleted_by_accident(
    visit: Visit, complaints: Complaints
) -> None:
    ivan = visit("ivan")
    ivan.goto("/")
    ivan.get_by_role("link", name="New organization").click()
    ivan.get_by_label("Name", exact=True).fill("initech")
    ivan.get_by_label("Display name").fill("Initech Labs")
    complaints.expect_status(400)
    ivan.get_by_role("button", name="Create organization").click()
    expect(ivan.get_by_text("This name is taken.")).to_be_visible()
    ivan.get_by_label("Name", exact=True).fill("initech-labs")
    ivan.get_by_role("button", name="Create organization").click()
    expect(ivan.get_by_role("heading", name="Overview")).to_be_visible()

    ivan.get_by_role("link", name="Settings", exact=True).click()
    ivan.get_by_role("link", name="Delete initech-labs…").click()
    ivan.get_by_label("Type initech-labs to confirm").fill("initech")
    ivan.get_by_role("button", name="Delete initech-labs").click()
    expect(ivan.get_by_text("This is not the name. Type initech-labs.")).to_be_visible()
    ivan.get_by_label("Type initech-labs to confirm").fill("initech-labs")
    ivan.get_by_role("button", name="Delete initech-labs").click()

    note = ivan.get_by_role("region", name="Deletion")
    expect(note).to_contain_text(
        re.compile(r"initech-labs will be deleted on .* because ivan asked", re.DOTALL)
    )
    assert accessibility_violations(ivan) == []
    note.get_by_role("button", name="Keep this organization").click()
    expect(ivan.get_by_role("status")).to_have_text("initech-labs is not going to be deleted.")
    expect(note).to_be_hidden()


def test_a_token_for_a_build_server_is_made_and_revoked(visit: Visit) -> None:
    olivia = visit("olivia")
    olivia.goto("/orgs/acme/settings/")
    settings = olivia.get_by_role("navigation", name="Settings")
    settings.get_by_role("link", name="Access tokens").click()
    olivia.get_by_label("Label").fill("Build server")
    olivia.get_by_label("Scope").select_option("Pull and push")
    olivia.get_by_label("Only these repositories").fill("docker.io/acme/*")
    olivia.get_by_role("button", name="Create access token").click()
    made = olivia.get_by_role("status")
    expect(made).to_contain_text("it is shown only once")
    expect(made).to_contain_text("hubadmin_oat_")

    tokens = olivia.get_by_role("listitem").filter(has_text="Build server")
    expect(tokens).to_contain_text("only docker.io/acme/*")
    expect(tokens).to_contain_text("Never used")
    tokens.get_by_text("Revoke…").click()
    tokens.get_by_role("button", name="Revoke Build server").click()
    expect(olivia.get_by_role("status")).to_have_text("The access token is revoked.")
    expect(tokens).to_be_hidden()
