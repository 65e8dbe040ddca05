"""Org Permissions as owners and members use it."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Complaints, Visit
from tests.browser.steps import (
    ORG_PERMISSIONS,
    accessibility_violations,
    cells,
    open_settings,
    save,
    sign_in,
    switch,
)
from tests.served import DemoSite, SetPolicy

IAM, OFFICIAL, VERIFIED = (
    "Image Access Management",
    "Official images",
    "Verified publisher images",
)


def settings(enabled: bool, official: bool, verified: bool) -> dict[str, bool]:
    return {
        "enabled": enabled,
        "allow_official_images": official,
        "allow_verified_publishers": verified,
    }


@pytest.mark.usefixtures("set_policy")
@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_olivia_restricts_images_and_lifts_the_restrictions(
    visit: Visit, site: DemoSite, scripts: bool
) -> None:
    olivia = visit(java_script_enabled=scripts)
    olivia.goto("/")
    olivia.get_by_role("main").get_by_role("link", name="Sign in").click()
    sign_in(olivia, "olivia", site.env["DEMO_PASSWORD"])
    open_settings(olivia, "Org Permissions")

    switch(olivia, IAM).check()
    expect(switch(olivia, OFFICIAL)).to_be_checked()
    switch(olivia, VERIFIED).uncheck()
    save(olivia)
    expect(olivia.get_by_role("status")).to_have_text(
        "Image Access Management is enabled and in force: "
        "members of acme may pull only organization and official images."
    )

    olivia.reload()
    expect(switch(olivia, IAM)).to_be_checked()
    expect(switch(olivia, OFFICIAL)).to_be_checked()
    expect(switch(olivia, VERIFIED)).not_to_be_checked()
    assert site.settings("olivia") == settings(enabled=True, official=True, verified=False)
    assert latest_activity(olivia) == [
        "Image Access Management: was Disabled → is Enabled",
        "Verified publisher images: was Allowed → is Restricted",
    ]

    open_settings(olivia, "Org Permissions")
    switch(olivia, IAM).uncheck()
    save(olivia)
    expect(olivia.get_by_role("status")).to_have_text(
        "Image Access Management is disabled: acme restricts no images. "
        "The settings below are kept for when you enable it."
    )
    assert site.settings("olivia") == settings(enabled=False, official=True, verified=False)
    assert latest_activity(olivia) == ["Image Access Management: was Enabled → is Disabled"]


def latest_activity(page: Page) -> list[str]:
    """What the newest entry of acme's activity, which is Olivia's, says that it changed."""
    page.get_by_role("navigation", name="Pages of the organization").get_by_role(
        "link", name="Activity"
    ).click()
    newest = page.get_by_role("main").locator("li.entry").first
    expect(newest).to_contain_text("olivia changed Image Access Management")
    return [" ".join(change.split()) for change in newest.get_by_role("listitem").all_inner_texts()]


def test_the_words_beside_a_switch_follow_it(visit: Visit) -> None:
    olivia = visit("olivia")
    olivia.goto(ORG_PERMISSIONS)
    iam = switch(olivia, IAM)

    for press, state in ((iam.uncheck, "Disabled"), (iam.check, "Enabled")):
        press()
        expect(iam).to_have_accessible_description(re.compile(f"^{state} While it is enabled"))


@pytest.mark.usefixtures("set_policy")
def test_p5_of_two_windows_the_second_is_asked_again(
    visit: Visit, site: DemoSite, complaints: Complaints
) -> None:
    first = visit("olivia")
    second = first.context.new_page()
    for window in (first, second):
        window.goto(ORG_PERMISSIONS)
    switch(first, IAM).check()
    save(first)
    expect(first.get_by_role("status")).to_be_visible()

    switch(second, OFFICIAL).uncheck()
    complaints.expect_status(409)
    save(second)

    conflict = second.get_by_role("alert")
    expect(conflict).to_contain_text("In another window, you changed these settings")
    expect(conflict).to_contain_text("Nothing of yours is saved yet")
    assert cells(conflict) == [
        ["Setting", "Now", "Your wish"],
        [IAM, "Enabled", "Disabled"],
        [OFFICIAL, "Allowed", "Restricted"],
        [VERIFIED, "Allowed", "Allowed"],
        ["What happens to other images", "Enforce", "Enforce"],
    ]
    assert accessibility_violations(second) == []
    assert site.settings("olivia") == settings(enabled=True, official=True, verified=True)
    expect(switch(second, OFFICIAL)).not_to_be_checked()

    save(second)
    expect(second.get_by_role("status")).to_contain_text("is disabled")
    assert site.settings("olivia") == settings(enabled=False, official=False, verified=True)


@pytest.mark.usefixtures("set_policy")
def tab_to(control: Locator, within: int = 12) -> None:
    """Press Tab as somebody without a mouse does, until the control has the focus."""
    for _ in range(within):
        control.page.keyboard.press("Tab")
        if control.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{control} is not among the next {within} that Tab leads to")


def test_the_keyboard_is_enough(visit: Visit, site: DemoSite) -> None:
    olivia = visit("olivia")
    olivia.goto(ORG_PERMISSIONS)
    press = olivia.keyboard.press

    press("Tab")
    expect(olivia.get_by_role("link", name="Skip to content")).to_be_focused()
    press("Enter")
    expect(olivia.get_by_role("main")).to_be_focused()
    tab_to(switch(olivia, IAM))
    press("Space")
    tab_to(switch(olivia, VERIFIED))
    press("Space")
    tab_to(olivia.get_by_role("button", name="Save"))
    press("Enter")

    expect(olivia.get_by_role("status")).to_contain_text("organization and official images")
    assert site.settings("olivia") == settings(enabled=True, official=True, verified=False)


def test_p1_mel_reads_the_settings_and_can_change_none(
    visit: Visit, site: DemoSite, set_policy: SetPolicy
) -> None:
    set_policy(enabled=True, verified=False)
    mel = visit("mel")
    open_settings(mel, "Org Permissions")

    main = mel.get_by_role("main")
    expect(main).to_contain_text("Owners of acme change these settings.")
    expect(main.locator("form")).to_have_count(1)
    expect(main.get_by_role("search", name="Can I pull an image?")).to_be_visible()
    expect(main.get_by_role("textbox")).to_have_count(1)
    expect(main.locator("select, textarea, [type=checkbox], [type=radio]")).to_have_count(0)
    for name, state in {IAM: "Enabled", OFFICIAL: "Allowed", VERIFIED: "Restricted"}.items():
        setting = main.locator(".setting").filter(has=mel.get_by_role("heading", name=name))
        expect(setting.locator(".setting-state")).to_have_text(state)

    # The form that the page doesn't have, with the token of one that it has: *Sign out*.
    token = mel.locator("input[name=csrfmiddlewaretoken]").first.input_value()
    answer = mel.request.post(ORG_PERMISSIONS, form={"csrfmiddlewaretoken": token})
    assert answer.status == 403
    assert "Only owners of acme" in answer.text()
    assert site.settings("mel") == settings(enabled=True, official=True, verified=False)


def test_p1_to_nina_acme_does_not_exist(visit: Visit, complaints: Complaints) -> None:
    nina = visit("nina")
    complaints.expect_status(404)
    seen = []
    for path in (ORG_PERMISSIONS, ORG_PERMISSIONS.replace("acme", "nowhere")):
        answer = nina.goto(path)
        assert answer is not None
        assert answer.status == 404
        seen.append(nina.get_by_role("main").inner_text())

    assert "There is nothing here" in seen[0]
    assert seen[0] == seen[1]


def test_p1_a_visitor_signs_in_first_and_lands_where_they_wanted(
    visit: Visit, site: DemoSite
) -> None:
    mel = visit()
    mel.goto(ORG_PERMISSIONS)
    expect(mel.get_by_role("heading", name="Sign in")).to_be_visible()

    sign_in(mel, "mel", site.env["DEMO_PASSWORD"])
    expect(mel.get_by_role("heading", name="Org Permissions", level=1)).to_be_visible()
    assert mel.url == site.url + ORG_PERMISSIONS
