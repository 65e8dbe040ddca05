"""A second factor, as people set it up and sign in with it."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.steps import accessibility_violations, sign_in
from tests.second_factors import code_of_app
from tests.served import DemoSite

PHONE_IN_POCKET = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}

OPTIONAL_AGAIN = """
from orgs.actor import Actor
from orgs.operations import require_second_factor
from orgs.queries import organization_named
require_second_factor(Actor.site_staff(), organization_named("initech"), required=False)
"""


def just_signed_in(visit: Visit, password: str, person: str = "nina") -> Page:
    """A session of its own: what is confirmed and ended here is no other test's."""
    page = visit()
    page.goto("/accounts/login/")
    sign_in(page, person, password)
    page.wait_for_url(re.compile("/$"))
    return page


def settings_of(page: Page) -> None:
    """From the account's menu to the page of second factors."""
    page.goto("/")
    menu = page.get_by_role("navigation", name="Account")
    menu.get_by_text("nina", exact=True).first.click()
    menu.get_by_role("link", name="Two-factor authentication").click()
    expect(page.get_by_role("heading", name="Two-factor authentication", level=1)).to_be_visible()


def confirm(page: Page, password: str) -> None:
    expect(page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Confirm").click()


def sign_out(page: Page) -> None:
    page.goto("/accounts/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()


def begin_sign_in(page: Page, password: str) -> None:
    page.goto("/accounts/login/")
    sign_in(page, "nina", password)
    expect(page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()


def is_drawn(page: Page) -> bool:
    picture = page.get_by_role("img", name=re.compile("code to scan"))
    return bool(picture.evaluate("picture => picture.complete && picture.naturalWidth > 100"))


def test_an_authenticator_app_and_a_recovery_code(visit: Visit, password: str) -> None:
    nina, found = just_signed_in(visit, password), []
    settings_of(nina)
    nina.get_by_role("link", name="Set up an authenticator app").click()
    confirm(nina, password)
    assert is_drawn(nina)
    found += accessibility_violations(nina)
    secret = nina.get_by_text(re.compile("^[A-Z2-7]{32}$")).inner_text()
    code = nina.get_by_label("Enter the code that the app shows now")
    code.fill("000000")
    nina.get_by_role("button", name="Switch on").click()
    expect(nina.get_by_text("This code or passkey isn't right.")).to_be_visible()
    assert is_drawn(nina)
    code.fill(code_of_app(secret))
    nina.get_by_role("button", name="Switch on").click()

    expect(nina.get_by_role("heading", name="Recovery codes", level=1)).to_be_visible()
    found += accessibility_violations(nina)
    codes = nina.get_by_text(re.compile(r"^\d{8}$")).all_inner_texts()
    assert len(codes) == 10
    with nina.expect_download() as download:
        nina.get_by_role("link", name="Download").click()
    assert codes[0] in download.value.path().read_text()
    nina.get_by_role("link", name="Done").click()
    expect(nina.get_by_text("10 unused")).to_be_visible()

    elsewhere = visit()
    begin_sign_in(elsewhere, password)
    found += accessibility_violations(elsewhere)
    elsewhere.get_by_label("Code").fill(codes[0])
    elsewhere.get_by_role("button", name="Sign in", exact=True).click()
    expect(elsewhere.get_by_role("heading", level=1, name="organizations")).to_be_visible()
    settings_of(elsewhere)
    expect(elsewhere.get_by_text("9 unused")).to_be_visible()

    nina.get_by_role("link", name="Remove… the authenticator app").click()
    removing = nina.get_by_role("button", name="Remove the authenticator app")
    expect(removing).to_be_visible()
    found += accessibility_violations(nina)
    removing.click()
    expect(nina.get_by_text("The authenticator app is removed.")).to_be_visible()
    assert found == []


def set_up_app(page: Page, password: str) -> str:
    """From the page of second factors; the secret that the app holds from then on."""
    page.get_by_role("link", name="Set up an authenticator app").click()
    confirm(page, password)
    secret = page.get_by_text(re.compile("^[A-Z2-7]{32}$")).inner_text()
    page.get_by_label("Enter the code that the app shows now").fill(code_of_app(secret))
    page.get_by_role("button", name="Switch on").click()
    page.get_by_role("link", name="Done").click()
    return secret


@pytest.fixture
def _gus_at_initech(site: DemoSite) -> Iterator[None]:
    """And all as it was when the test has ended."""
    site.manage("add_member", "initech", "gus")
    yield
    site.manage("shell", "--verbosity=0", "--command", OPTIONAL_AGAIN)
    site.manage("remove_member", "initech", "gus")
    for person in ("ivan", "gus"):
        site.manage("remove_second_factor", person)


@pytest.mark.usefixtures("_gus_at_initech")
def test_an_organization_requires_it(visit: Visit, password: str) -> None:
    ivan, found = just_signed_in(visit, password, "ivan"), []
    ivan.goto("/orgs/initech/")
    ivan.get_by_role("link", name="set up two-factor authentication").click()
    set_up_app(ivan, password)
    ivan.goto("/orgs/initech/settings/")
    expect(ivan.get_by_text("1 of 2 members")).to_be_visible()
    ivan.get_by_role("button", name="Require two-factor authentication").click()
    expect(ivan.get_by_text("initech now requires two-factor authentication.")).to_be_visible()
    found += accessibility_violations(ivan)

    gus = just_signed_in(visit, password, "gus")
    gus.get_by_role("main").get_by_role("link", name="Initech").click()
    expect(gus.get_by_role("status")).to_contain_text("initech requires two-factor authentication")
    expect(gus.get_by_role("link", name="Leave initech")).to_be_visible()
    found += accessibility_violations(gus)
    set_up_app(gus, password)
    gus.get_by_role("link", name="Open initech").click()
    expect(gus.get_by_role("heading", name="Overview", level=1)).to_be_visible()
    ivan.reload()
    expect(ivan.get_by_text("All members")).to_be_visible()
    assert found == []


def test_a_passkey_signs_in_alone(visit: Visit, password: str) -> None:
    nina, found = just_signed_in(visit, password), []
    phone = nina.context.new_cdp_session(nina)
    phone.send("WebAuthn.enable")
    phone.send("WebAuthn.addVirtualAuthenticator", {"options": PHONE_IN_POCKET})
    settings_of(nina)
    nina.get_by_role("link", name="Add a passkey").click()
    confirm(nina, password)
    expect(nina.get_by_label("Name")).to_be_visible()
    found += accessibility_violations(nina)
    nina.get_by_label("Name").fill("My phone")
    nina.get_by_role("button", name="Add", exact=True).click()
    expect(nina.get_by_role("heading", name="Recovery codes", level=1)).to_be_visible()

    sign_out(nina)
    nina.goto("/accounts/login/?next=/account/settings/tokens/")
    nina.get_by_role("button", name="Sign in with a passkey").click()
    expect(nina.get_by_role("heading", name="Access tokens", level=1)).to_be_visible()

    # It also confirms, and is asked for after the password.
    settings_of(nina)
    nina.get_by_role("link", name="Manage passkeys").click()
    nina.get_by_role("link", name="Rename My phone").click()
    nina.get_by_role("link", name="Use a passkey or security key").click()
    confirming = nina.get_by_role("button", name="Use a passkey or security key")
    expect(confirming).to_be_visible()
    found += accessibility_violations(nina)
    confirming.click()
    expect(nina.get_by_label("Name")).to_be_visible()
    found += accessibility_violations(nina)
    nina.get_by_label("Name").fill("My old phone")
    nina.get_by_role("button", name="Save").click()
    sign_out(nina)
    begin_sign_in(nina, password)
    nina.get_by_role("button", name="Use a passkey or security key").click()
    expect(nina.get_by_role("heading", level=1, name="organizations")).to_be_visible()

    settings_of(nina)
    nina.get_by_role("link", name="Manage passkeys").click()
    old_phone = nina.get_by_role("link", name="Remove… My old phone")
    expect(old_phone).to_be_visible()
    found += accessibility_violations(nina)
    old_phone.click()
    confirm(nina, password)
    removing = nina.get_by_role("button", name="Remove this passkey")
    expect(removing).to_be_visible()
    found += accessibility_violations(nina)
    removing.click()
    expect(nina.get_by_text("You have no passkey yet.")).to_be_visible()
    assert found == []


def test_a_browser_that_finds_no_passkey_says_so(visit: Visit) -> None:
    stranger = visit()
    key = stranger.context.new_cdp_session(stranger)
    key.send("WebAuthn.enable")
    key.send("WebAuthn.addVirtualAuthenticator", {"options": PHONE_IN_POCKET})
    stranger.goto("/accounts/login/")
    stranger.get_by_role("button", name="Sign in with a passkey").click()
    expect(stranger.get_by_role("alert")).to_contain_text("No passkey was used")


def test_without_scripts_no_passkey_is_offered(visit: Visit) -> None:
    page = visit(java_script_enabled=False)
    page.goto("/accounts/login/")
    expect(page.get_by_text("Sign in with a passkey")).to_be_hidden()
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
