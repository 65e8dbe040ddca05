"""Signing in with an identity provider, as people do it: from a button to the provider and back."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests import services
from tests.browser.conftest import Complaints, Visit
from tests.browser.steps import problems_in_every_look
from tests.browser.test_invitations import invite, link_for
from tests.browser.test_second_factor import confirm, just_signed_in, set_up_app, sign_out
from tests.browser.test_second_factor import settings_of as second_factors_of
from tests.second_factors import code_of_app
from tests.served import DemoSite

NINA = {"sub": "n-17", "email": "nina@bank.example", "email_verified": True, "name": "Nina"}
DISCONNECT_ALL = """
from allauth.socialaccount.models import SocialAccount
SocialAccount.objects.all().delete()
"""
LEAVING = re.compile("/authorize")
LEFT_WITHOUT_ANSWER = 204  # a browser then stays where it is
FAILED = "The sign-in has failed"
STOPPED = "You didn\N{RIGHT SINGLE QUOTATION MARK}t sign in"


@pytest.fixture
def provider(
    site: DemoSite, sites_provider: services.IdentityProvider
) -> Iterator[services.IdentityProvider]:
    """Nina is signed in there; nobody here has connected it, before the test and after."""
    sites_provider.will(NINA)
    yield sites_provider
    site.manage("shell", "--verbosity=0", "--command", DISCONNECT_ALL)


def open_sign_in(page: Page) -> None:
    page.goto("/")
    page.get_by_role("main").get_by_role("link", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Sign in", level=1)).to_be_visible()


def sign_in_with(page: Page, name: str = "Keycloak") -> None:
    """From the sign-in page, by the provider's button."""
    open_sign_in(page)
    page.get_by_role("button", name=f"Sign in with {name}").click()


def expect_signed_in(page: Page) -> None:
    expect(page.get_by_role("heading", level=1, name="organizations")).to_be_visible()


def connected_accounts_of(page: Page) -> None:
    """From the account's menu to the page of accounts elsewhere."""
    second_factors_of(page)
    page.get_by_role("navigation", name="Account settings").get_by_role(
        "link", name="Connected accounts"
    ).click()
    expect(page.get_by_role("heading", name="Connected accounts", level=1)).to_be_visible()


def connect(page: Page) -> None:
    connected_accounts_of(page)
    page.get_by_role("button", name="Connect Keycloak").click()


def expect_connected(page: Page) -> None:
    expect(page.get_by_role("status")).to_have_text("The account is connected.")


def test_somebody_invited_signs_up_by_the_provider_and_is_in_the_organization(
    visit: Visit, site: DemoSite, provider: services.IdentityProvider
) -> None:
    provider.will({"sub": "k-1", "email": "kim@bank.example", "name": "Kim Lee"})
    invite(visit("olivia"), "kim@example.com")

    kim, found = visit(), []
    kim.goto(link_for(site, "kim@example.com"))
    kim.get_by_role("button", name="Make an account").click()
    by_provider = kim.get_by_role("button", name="Sign up with Keycloak")
    expect(by_provider).to_be_visible()
    found += problems_in_every_look(kim)
    by_provider.click()
    expect(kim.get_by_text("You have signed in with Keycloak.")).to_be_visible()
    # What the invitation says, not what the provider does.
    expect(kim.get_by_label("E-mail address")).to_have_value("kim@example.com")
    expect(kim.get_by_label("E-mail address")).to_be_disabled()
    kim.get_by_label("User name").fill("kim")
    found += problems_in_every_look(kim)
    kim.get_by_role("button", name="Make account and join").click()
    expect(kim.get_by_role("status")).to_contain_text("You are a member of acme now.")
    expect(kim.get_by_role("heading", name="Overview", level=1)).to_be_visible()

    sign_out(kim)
    sign_in_with(kim)
    expect(kim.get_by_role("link", name="Acme Corporation")).to_be_visible()
    site.manage("remove_member", "acme", "kim")
    assert found == []


def test_one_connects_the_provider_signs_in_with_it_and_disconnects_it(
    visit: Visit, provider: services.IdentityProvider, password: str
) -> None:
    nina, found = just_signed_in(visit, password), []
    connected_accounts_of(nina)
    expect(nina.get_by_text("You have connected none.")).to_be_visible()
    found += problems_in_every_look(nina)
    connect(nina)
    confirm(nina, password)
    expect_connected(nina)
    expect(nina.get_by_role("radio", name="Keycloak")).to_be_checked()
    found += problems_in_every_look(nina)

    sign_out(nina)
    sign_in_with(nina)
    expect_signed_in(nina)

    connected_accounts_of(nina)
    nina.get_by_role("button", name="Disconnect").click()
    confirm(nina, password)
    expect(nina.get_by_role("status")).to_have_text("The account is disconnected.")
    sign_out(nina)
    sign_in_with(nina)
    expect(nina.get_by_role("heading", name="Make your account")).to_be_visible()
    assert found == []


def test_the_way_to_the_provider_is_a_page_that_anybody_can_use(
    visit: Visit, provider: services.IdentityProvider
) -> None:
    someone, found = visit(), []
    open_sign_in(someone)
    found += problems_in_every_look(someone)
    someone.route(LEAVING, lambda route: route.fulfill(status=LEFT_WITHOUT_ANSWER))
    someone.get_by_role("button", name="Sign in with Keycloak").click()
    expect(someone.get_by_role("heading", name="On to your provider")).to_be_visible()
    found += problems_in_every_look(someone)
    someone.unroute(LEAVING)
    someone.get_by_role("link", name="Continue").click()
    expect(someone.get_by_role("heading", name="Make your account")).to_be_visible()

    # Another site's link begins no sign-in: this page asks first.
    someone.goto("/accounts/oidc/keycloak/login/")
    expect(someone.get_by_role("heading", name="Sign in with Keycloak")).to_be_visible()
    found += problems_in_every_look(someone)
    someone.get_by_role("button", name="Continue").click()
    expect(someone.get_by_role("heading", name="Make your account")).to_be_visible()
    assert found == []


@pytest.mark.parametrize(
    ("answers", "heading", "status"),
    [
        ({"answer": {"error": "access_denied"}}, STOPPED, 0),
        ({"answer": {"error": "temporarily_unavailable"}}, FAILED, 401),
        ({"claims": {"iss": "https://elsewhere.example"}}, FAILED, 401),
        ({"claims": {"sub": "somebody-else"}}, FAILED, 502),
        ({"userinfo": {"name": "Nina\0"}}, FAILED, 502),
        ({"configuration": {"token_endpoint": "http://localhost:9/"}}, FAILED, 401),
        ({"configuration": {"authorization_endpoint": "nowhere:"}}, FAILED, 502),
    ],
    ids=["refuses", "fails", "wrong issuer", "two people", "unfit", "goes away", "leads nowhere"],
)
def test_a_provider_that_lets_nobody_in_leaves_a_way_back(
    visit: Visit,
    provider: services.IdentityProvider,
    complaints: Complaints,
    answers: dict[str, Any],
    heading: str,
    status: int,
) -> None:
    provider.will(NINA, **answers)
    if status:
        complaints.expect_status(status)
    someone = visit()
    sign_in_with(someone)
    expect(someone.get_by_role("heading", name=heading)).to_be_visible()
    assert problems_in_every_look(someone) == []
    someone.get_by_role("main").get_by_role("link", name="Sign in", exact=True).click()
    expect(someone.get_by_label("Password")).to_be_visible()


def test_a_provider_that_is_away_leaves_a_way_back(visit: Visit, complaints: Complaints) -> None:
    complaints.expect_status(502)
    someone = visit()
    sign_in_with(someone, "Away")
    expect(someone.get_by_role("heading", name=FAILED)).to_be_visible()
    expect(someone.get_by_text("be reached")).to_be_visible()
    someone.get_by_role("main").get_by_role("link", name="Sign in", exact=True).click()
    expect(someone.get_by_label("Password")).to_be_visible()


@pytest.mark.parametrize(
    ("error", "heading"),
    [("access_denied", STOPPED), ("server_error", FAILED)],
)
def test_whoever_failed_to_connect_goes_back_to_their_accounts(
    visit: Visit,
    provider: services.IdentityProvider,
    complaints: Complaints,
    error: str,
    heading: str,
) -> None:
    provider.will(NINA, answer={"error": error})
    if heading == FAILED:
        complaints.expect_status(401)
    nina = visit("nina")
    connect(nina)
    expect(nina.get_by_role("heading", name=heading)).to_be_visible()
    assert problems_in_every_look(nina) == []
    nina.get_by_role("main").get_by_role("link", name="Connected accounts").click()
    expect(nina.get_by_text("You have connected none.")).to_be_visible()


def test_an_authenticator_app_is_asked_for_after_the_provider(
    visit: Visit, provider: services.IdentityProvider, password: str
) -> None:
    """docs/administrators/identity-providers.md: a second factor set up here is asked for here."""
    nina = just_signed_in(visit, password)
    second_factors_of(nina)
    secret = set_up_app(nina, password)
    connect(nina)
    expect_connected(nina)

    elsewhere = visit()
    sign_in_with(elsewhere)
    expect(elsewhere.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
    assert problems_in_every_look(elsewhere) == []
    elsewhere.goto("/account/settings/profile/")  # which is no way past it
    expect(elsewhere.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
    elsewhere.get_by_label("Code").fill(code_of_app(secret, periods_later=1))
    elsewhere.get_by_role("button", name="Sign in", exact=True).click()
    expect_signed_in(elsewhere)
