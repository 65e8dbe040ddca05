"""Signing in and out."""

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.steps import ORG_PERMISSIONS, accessibility_violations, sign_in
from tests.served import DemoSite


def test_a_wrong_password_does_not_tell_who_has_an_account(visit: Visit) -> None:
    stranger = visit()
    for name in ("olivia", "nobody-at-all", "olivia@example.com", "nobody@example.com"):
        stranger.goto("/accounts/login/")
        sign_in(stranger, name, "not-the-password")
        expect(stranger.get_by_role("alert")).to_have_text(
            "Wrong user name, e-mail address or password."
        )
        expect(stranger.get_by_label("User name or e-mail address")).to_have_value(name)
    assert accessibility_violations(stranger) == []


def test_signing_out_ends_the_session_itself(visit: Visit, site: DemoSite) -> None:
    mel = visit()
    mel.goto("/accounts/login/")
    sign_in(mel, "mel", site.env["DEMO_PASSWORD"])
    menu = mel.get_by_role("navigation", name="Account")
    menu.get_by_text("mel", exact=True).first.click()
    expect(menu).to_contain_text("Signed in as Mel Meyer")
    session = mel.context.storage_state()
    menu.get_by_role("button", name="Sign out").click()
    expect(mel.get_by_role("link", name="Sign in").first).to_be_visible()

    # Whoever kept the cookie is signed out as well.
    thief = visit(storage_state=session)
    for page in (mel, thief):
        page.goto(ORG_PERMISSIONS)
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
