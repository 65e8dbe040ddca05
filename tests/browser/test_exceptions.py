"""A refused pull, the exception asked for, and what comes of it; each person in a browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.steps import ORG_PERMISSIONS, accessibility_violations, open_settings
from tests.browser.test_impact import ask
from tests.served import DemoSite, SetPolicy


def open_refused(mel: Page, image: str) -> None:
    """Mel comes from the list of pulls to the page of a refused one."""
    link = mel.get_by_role("link", name=f"Why? {image}, refused")
    for _ in range(20):
        mel.goto("/orgs/acme/activity/pulls/?answer=refused")
        if link.count():
            break
        mel.wait_for_timeout(250)
    link.first.click()
    expect(mel.get_by_role("heading", name="Why was my pull refused?")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_mel_is_refused_asks_and_is_let_in(
    visit: Visit, site: DemoSite, set_policy: SetPolicy, scripts: bool
) -> None:
    tool = f"docker.io/wanted{'js' if scripts else 'plain'}/tool"
    set_policy(enabled=True)
    assert not ask(site, "mel", f"{tool}:1")
    mel = visit("mel", java_script_enabled=scripts)
    olivia = visit("olivia", java_script_enabled=scripts)

    open_refused(mel, f"{tool}:1")
    now = mel.get_by_role("region", name="How it is decided now")
    expect(now).to_contain_text("acme does not allow community images.")
    expect(now).to_contain_text("is of the category community to acme")
    if scripts:
        assert accessibility_violations(mel) == []
    mel.get_by_label("What you need it for").fill("For a trial")
    mel.get_by_role("button", name="Ask for an exception").click()
    expect(mel.get_by_role("status")).to_contain_text("The owners of acme are told.")

    open_settings(olivia, "Org Permissions")
    olivia.get_by_role("link", name=re.compile("requests? for an exception")).click()
    olivia.get_by_role("link", name=tool).click()
    expect(olivia.get_by_role("main")).to_contain_text("For a trial")
    if scripts:
        assert accessibility_violations(olivia) == []
    expect(olivia.get_by_label("For how long")).to_have_value("7")
    olivia.get_by_role("button", name="Allow").click()
    expect(olivia.get_by_role("status")).to_contain_text("in force, and mel is told")

    assert ask(site, "mel", f"{tool}:1")
    assert not ask(site, "gus", f"{tool}:1")
    mel.reload()
    expect(mel.get_by_role("region", name="An exception")).to_contain_text("olivia allowed it")
    expect(now).to_contain_text("acme makes an exception")


def test_with_the_keyboard_alone_asking_takes_two_presses(
    visit: Visit, site: DemoSite, set_policy: SetPolicy
) -> None:
    tool = "docker.io/wantedkeys/tool"
    set_policy(enabled=True)
    assert not ask(site, "gus", tool)
    gus = visit("gus")
    open_refused(gus, tool)
    button = gus.get_by_role("button", name="Ask for an exception")
    button.focus()
    gus.keyboard.press("Enter")
    expect(gus.get_by_role("status")).to_contain_text("The owners of acme are told.")

    gus.get_by_role("link", name="Your requests").click()
    gus.get_by_role("link", name=tool).click()
    gus.get_by_role("button", name="Withdraw").click()
    expect(gus.get_by_role("status")).to_contain_text("is withdrawn")


def test_olivia_asks_whether_mel_may_pull(
    visit: Visit, site: DemoSite, set_policy: SetPolicy
) -> None:
    set_policy(enabled=True)
    olivia = visit("olivia")
    olivia.goto(ORG_PERMISSIONS)
    box = olivia.get_by_role("search", name="Can a member pull an image?")
    box.get_by_label("User name").press_sequentially("me")
    expect(olivia.locator("datalist option[value=mel]")).to_have_count(1)
    box.get_by_label("User name").fill("mel")
    box.get_by_label("Image").fill("docker.io/randomdev/tool")
    box.get_by_role("button", name="Ask").click()
    answer = olivia.get_by_role("region", name="mel: docker.io/randomdev/tool")
    expect(answer).to_contain_text("Refused")
    expect(answer).to_contain_text("acme does not allow community images.")
    assert accessibility_violations(olivia) == []


def test_mel_asks_about_themselves(visit: Visit, set_policy: SetPolicy) -> None:
    set_policy(enabled=True)
    mel = visit("mel", java_script_enabled=False)
    mel.goto(ORG_PERMISSIONS)
    box = mel.get_by_role("search", name="Can I pull an image?")
    box.get_by_label("Image").fill("alpine")
    box.get_by_role("button", name="Ask").click()
    expect(mel.get_by_role("region", name="mel: docker.io/library/alpine")).to_contain_text(
        "acme allows official images."
    )
