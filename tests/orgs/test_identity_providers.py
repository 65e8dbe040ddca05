"""Signing in with an identity provider: who gets into which account, and who into none."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings
from pytest_django import DjangoCaptureOnCommitCallbacks

from audit.models import SITE
from audit.queries import entries_of
from hubadmin import identity_providers
from orgs.actor import Actor
from orgs.invitation_operations import invite
from orgs.models import Organization
from orgs.operations import deactivate_user
from orgs.queries import membership_of, user_named
from tests import services
from tests.conftest import NewVisitor, named_user, post
from tests.orgs.invitations import link_to
from tests.second_factors import confirm, set_up_app
from tests.services import identity
from tests.services.identity import CLIENT_SECRET

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/oidc/keycloak/login/"
CONNECTED = "/accounts/connected/"
MEL = {"sub": "0001", "email": "mel@example.com", "email_verified": True, "name": "Mel Meyer"}
EVE = {"sub": "0666", "email": "eve@example.com", "email_verified": True, "name": "Eve"}
FAILED = "The sign-in has failed"
SignedIn = Callable[[str], httpx.Client]


def configured(issuer: str, **more: Any) -> str:
    return json.dumps([identity.configured(issuer, **more)])


def both(one: dict[str, str], other: dict[str, str]) -> str:
    issuer = "https://id.example.com"
    return json.dumps([identity.configured(issuer, **one), identity.configured(issuer, **other)])


def settings_for(issuer: str, **more: Any) -> override_settings:
    providers = identity_providers.read(configured(issuer, **more))
    return override_settings(
        IDENTITY_PROVIDERS=providers,
        SOCIALACCOUNT_PROVIDERS=identity_providers.as_packages_settings(providers),
    )


@pytest.fixture(scope="module")
def served() -> Iterator[services.IdentityProvider]:
    with services.identity_provider() as provider:
        yield provider


@pytest.fixture
def provider(served: services.IdentityProvider) -> Iterator[services.IdentityProvider]:
    """One that the site trusts with the addresses of example.com."""
    served.will(MEL)
    with settings_for(served.url, email_domains=["example.com"]):
        yield served


def leave(client: httpx.Client, **fields: str) -> str:
    """Begin to sign in; the provider's address that one is led to."""
    client.get("/accounts/password/reset/")
    token = client.cookies["csrftoken"]
    answer = client.post(LOGIN, data=fields, headers={"X-CSRFToken": token})
    (url,) = re.findall(r'class="btn btn-primary" href="([^"]+)"', answer.text)
    assert f'content="0;url={url}"' in answer.text
    return str(url).replace("&amp;", "&")


def come_back(client: httpx.Client, url: str) -> httpx.Response:
    """Be at the provider, and come back with its answer."""
    back = urlsplit(httpx.get(url).headers["location"])
    assert f"{back.scheme}://{back.netloc}" == "http://localhost:8000"
    return client.get(f"{back.path}?{back.query}")


def sign_in(client: httpx.Client, **fields: str) -> httpx.Response:
    return come_back(client, leave(client, **fields))


def is_in(client: httpx.Client) -> bool:
    return client.get("/orgs/acme/").status_code == 200


def connect_mel(signed_in: SignedIn, password: str) -> httpx.Client:
    mel = signed_in("mel")
    confirm(mel, password)
    assert sign_in(mel, process="connect").headers["location"] == CONNECTED
    return mel


def test_one_signs_in_with_what_one_has_connected(
    provider: services.IdentityProvider,
    signed_in: SignedIn,
    visitor: NewVisitor,
    demo: dict[str, str],
) -> None:
    provider.will(MEL | {"email": "mel@elsewhere.example"})
    mel = connect_mel(signed_in, demo["DEMO_PASSWORD"])
    assert "mel@elsewhere.example" not in str(EmailAddress.objects.values_list("email"))
    assert entries_of(SITE)[0].action == "identity.connected"
    assert entries_of(SITE)[0].actor == "mel"

    elsewhere = visitor()
    answer = sign_in(elsewhere, next="/orgs/acme/activity/")
    assert answer.headers["location"] == "/orgs/acme/activity/"
    assert is_in(elsewhere)

    number = SocialAccount.objects.get().pk
    assert post(mel, CONNECTED, account=number).status_code == 302
    assert entries_of(SITE)[0].action == "identity.disconnected"
    assert not is_in_anew(visitor())


def is_in_anew(client: httpx.Client) -> bool:
    sign_in(client)
    return is_in(client)


def test_the_page_to_leave_by_asks_for_a_click_first(
    provider: services.IdentityProvider, visitor: NewVisitor
) -> None:
    """So that no other site's link or picture begins a sign-in."""
    answer = visitor().get(LOGIN)
    assert answer.status_code == 200
    assert provider.url not in answer.text


def test_connecting_asks_for_the_password_first(
    provider: services.IdentityProvider, signed_in: SignedIn
) -> None:
    answer = sign_in(signed_in("mel"), process="connect")
    assert "/reauthenticate/" in answer.headers["location"]
    assert not SocialAccount.objects.exists()


def test_an_address_that_both_have_verified_connects(
    provider: services.IdentityProvider, visitor: NewVisitor
) -> None:
    assert is_in_anew(visitor())
    assert SocialAccount.objects.get().user == named_user("mel")
    signed_in, logged = entries_of(SITE)[:2]
    assert (signed_in.action, signed_in.actor) == ("user.signed_in", "mel")
    assert (logged.action, logged.actor) == ("identity.connected", "mel")
    assert logged.address
    # From then on the provider's own name of the person counts, not the address.
    provider.will(EVE | {"sub": "0001"})
    assert is_in_anew(visitor())


@pytest.mark.parametrize(
    "said",
    [
        {"email_verified": False},
        {"email_verified": "false"},
        {"email_verified": "true"},
        {"email_verified": 1},
        {"email_verified": None},
    ],
)
def test_an_address_that_the_provider_has_not_verified_opens_nothing(
    provider: services.IdentityProvider, visitor: NewVisitor, said: dict[str, Any]
) -> None:
    provider.will(MEL | said)
    someone = visitor()
    assert "Accounts are by invitation" in sign_in(someone).text
    assert not is_in(someone)
    assert not SocialAccount.objects.exists()


def test_an_address_that_is_not_verified_here_opens_nothing(
    provider: services.IdentityProvider, visitor: NewVisitor
) -> None:
    EmailAddress.objects.filter(email="mel@example.com").update(verified=False)
    assert not is_in_anew(visitor())


@pytest.mark.parametrize("domains", [[], ["elsewhere.example"], ["xexample.com"]])
def test_a_provider_is_believed_only_about_its_own_domains(
    served: services.IdentityProvider, visitor: NewVisitor, domains: list[str]
) -> None:
    served.will(MEL)
    with settings_for(served.url, email_domains=domains, emails_are_verified=True):
        assert not is_in_anew(visitor())


def test_a_provider_that_never_says_verified_can_be_taken_at_its_word(
    served: services.IdentityProvider, visitor: NewVisitor
) -> None:
    served.will({"sub": "0001", "email": "Mel@Example.com"})
    with settings_for(served.url, email_domains=["example.com"], emails_are_verified=True):
        assert is_in_anew(visitor())


@pytest.mark.parametrize(
    "wrong",
    [
        {"claims": {"aud": "somebody-else"}},
        {"claims": {"iss": "https://elsewhere.example"}},
        {"claims": {"exp": 1_600_000_000}},
        {"claims": {"sub": "0002"}},
        {"userinfo": {"sub": "0002"}},
        {"answer": {"state": "another"}},
        {"answer": {"error": "server_error"}},
        {"configuration": {"token_endpoint": "http://localhost:9/token"}},
        {"configuration": {"userinfo_endpoint": "http://localhost:9/userinfo"}},
        {"userinfo": {"sub": ""}},
        {"claims": {"sub": "1" * 192}, "userinfo": {"sub": "1" * 192}},
        {"claims": {"sub": "0\0"}, "userinfo": {"sub": "0\0"}},
        {"userinfo": {"name": "Mel\0"}},
        {"userinfo": {"name": "Mel\ud800"}},
        {"userinfo": {"height": float("nan")}},
        {"userinfo": {"email": 1}},
    ],
    ids=str,
)
def test_an_answer_that_isn_t_right_opens_nothing(
    provider: services.IdentityProvider, visitor: NewVisitor, wrong: dict[str, Any]
) -> None:
    provider.will(MEL, **wrong)
    someone = visitor()
    answer = sign_in(someone)
    assert FAILED in answer.text, answer.text
    assert not is_in(someone)
    assert not SocialAccount.objects.exists()


def test_nobody_comes_back_in_another_s_browser(
    provider: services.IdentityProvider, visitor: NewVisitor
) -> None:
    url = leave(visitor())
    other = visitor()
    assert FAILED in come_back(other, url).text
    assert not is_in(other)


def test_one_can_change_one_s_mind(
    provider: services.IdentityProvider, visitor: NewVisitor
) -> None:
    provider.will(MEL, answer={"error": "access_denied"})
    someone = visitor()
    answer = sign_in(someone)
    assert "You stopped at the provider" in someone.get(answer.headers["location"]).text


def test_a_provider_that_is_away_is_said_to_be(visitor: NewVisitor) -> None:
    with settings_for("http://localhost:9"):
        client = visitor()
        client.get("/accounts/password/reset/")
        answer = client.post(LOGIN, headers={"X-CSRFToken": client.cookies["csrftoken"]})
    assert FAILED in answer.text
    assert answer.status_code == 502


@pytest.mark.parametrize("endpoint", ["mailto:mel@example.com", 7, None])
def test_nobody_is_led_to_an_address_that_is_none(
    provider: services.IdentityProvider, visitor: NewVisitor, endpoint: object
) -> None:
    provider.will(configuration={"authorization_endpoint": endpoint})
    client = visitor()
    client.get("/accounts/password/reset/")
    answer = client.post(LOGIN, headers={"X-CSRFToken": client.cookies["csrftoken"]})
    assert FAILED in answer.text
    assert answer.status_code == 502


def test_a_second_factor_is_asked_for_here_as_well(
    provider: services.IdentityProvider,
    signed_in: SignedIn,
    visitor: NewVisitor,
    demo: dict[str, str],
) -> None:
    set_up_app(signed_in("mel"), demo["DEMO_PASSWORD"])
    someone = visitor()
    assert sign_in(someone).headers["location"].startswith("/accounts/2fa/authenticate/")
    assert not is_in(someone)


def test_a_deactivated_user_gets_in_by_no_way(
    provider: services.IdentityProvider, visitor: NewVisitor
) -> None:
    deactivate_user(Actor.site_staff(), named_user("mel"))
    assert not is_in_anew(visitor())


def test_what_is_somebody_s_can_t_be_connected_by_another(
    provider: services.IdentityProvider, signed_in: SignedIn, demo: dict[str, str]
) -> None:
    connect_mel(signed_in, demo["DEMO_PASSWORD"])
    gus = signed_in("gus")
    confirm(gus, demo["DEMO_PASSWORD"])
    sign_in(gus, process="connect")
    assert "Disconnect it there first" in gus.get(CONNECTED).text
    assert SocialAccount.objects.get().user == named_user("mel")


def test_who_may_sign_up_chooses_a_user_name(
    provider: services.IdentityProvider, visitor: NewVisitor
) -> None:
    provider.will(EVE | {"preferred_username": "Eve@Example.com"})
    with override_settings(SIGN_UP="open"):
        eve = visitor()
        form = sign_in(eve).headers["location"]
        for taken in ("acme", "mel", "Not A Name", ""):
            answer = post(eve, form, username=taken, email="eve@example.com")
            assert answer.status_code == 200, taken
        assert post(eve, form, username="eve", email="eve@example.com").status_code == 302
    assert named_user("eve").display_name == "Eve"
    assert EmailAddress.objects.get(email="eve@example.com").verified
    assert eve.get("/account/settings/profile/").status_code == 200
    assert "user.signed_up" in [entry.action for entry in entries_of(SITE)[:3]]


def test_an_address_that_the_provider_may_not_vouch_for_is_verified_here(
    provider: services.IdentityProvider, visitor: NewVisitor
) -> None:
    provider.will(EVE | {"email": "eve@elsewhere.example"})
    with override_settings(SIGN_UP="open"):
        eve = visitor()
        form = sign_in(eve).headers["location"]
        post(eve, form, username="eve", email="eve@elsewhere.example")
    assert not EmailAddress.objects.get(email="eve@elsewhere.example").verified
    assert eve.get("/account/settings/profile/").status_code == 302


def test_an_invitation_makes_one_account_with_its_own_address(
    provider: services.IdentityProvider,
    visitor: NewVisitor,
    acme: Organization,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        invite(Actor.site_staff(), acme, ["eve@example.com"])
    path, forms = link_to("eve@example.com"), {}
    for name in ("eve", "eva"):
        browser = visitor()
        browser.get("/accounts/password/reset/")
        browser.headers["X-CSRFToken"] = browser.cookies["csrftoken"]
        browser.post(f"{path}sign-up/")
        provider.will({"sub": name, "email": f"{name}@mallory.example", "name": name})
        forms[name] = (browser, sign_in(browser).headers["location"])

    browser, form = forms["eve"]
    assert "Make account and join" in browser.get(form).text
    post(browser, form, username="eve", email="eve@mallory.example")
    assert browser.get("/orgs/acme/").status_code == 200
    assert membership_of(named_user("eve"), "acme") is not None
    assert named_user("eve").email == "eve@example.com"

    browser, form = forms["eva"]
    late = browser.post(form, data={"username": "eva", "email": "eva@mallory.example"})
    assert "Accounts are by invitation" in late.text
    assert user_named("eva") is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "JSON list"),
        ('{"id": "a"}', "JSON list"),
        (configured("http://id.example.com"), "keycloak needs an issuer"),
        (configured("", kind="github"), ""),
        (configured("https://id.example.com", kind="github"), "leave it out"),
        (configured("https://id.example.com", id="Key Cloak"), "id"),
        (configured("https://id.example.com", email_domains=["@example.com"]), "email_domains"),
        (configured("https://id.example.com", trust="all"), "trust"),
        (both({}, {}), "two providers with the id"),
        (both({"client_id": "one"}, {"client_id": "two", "id": "b"}), ""),
        (both({}, {"id": "b"}), "two providers with the client_id"),
    ],
)
def test_a_wrong_setting_is_said_in_a_sentence(text: str, words: str) -> None:
    if not words:
        assert identity_providers.read(text)
        return
    with pytest.raises(ImproperlyConfigured, match=words) as caught:
        identity_providers.read(text)
    assert CLIENT_SECRET not in str(caught.value)
