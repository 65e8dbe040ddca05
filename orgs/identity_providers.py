"""How django-allauth's sign-in with an identity provider meets this site.

Whom a provider says to have signed in gets into an account only if the account was connected with
them before, or if the provider is trusted with the domain of an address that both have verified.
"""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

import structlog
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.base import Provider
from django.core.exceptions import DisallowedRedirect, ImproperlyConfigured
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from requests import RequestException

from orgs.account_queries import user_with_verified_address
from orgs.models import User

log = structlog.get_logger(__name__)

View = Callable[..., HttpResponseBase]

# What the package raises for answers that it hasn't thought of, or for none at all.
NONSENSE = (
    RequestException,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    DisallowedRedirect,  # to an address that is none of the web
    ImproperlyConfigured,  # a name for somebody that is too long
)


class IdentityProviderAdapter(DefaultSocialAccountAdapter):
    def is_email_verified(self, provider: Provider, email: str) -> bool:
        """Whether an address counts as verified though the provider doesn't say so."""
        return bool(provider.app.settings["emails_are_verified"]) and _is_trusted(provider, email)

    def authenticate_by_email(self, sociallogin: SocialLogin) -> tuple[User, str] | None:
        for address in _believed(sociallogin):
            user = user_with_verified_address(address.email)
            if user is not None:
                return user, address.email
        return None

    def populate_user(
        self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]
    ) -> User:
        """Begin an account from what a provider says. Raises `ValueError` if it can't be kept."""
        _check_that_it_can_be_kept(sociallogin.account)
        user: User = super().populate_user(request, sociallogin, data)
        return user

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        if not _speaks_of_one_person(sociallogin.account.extra_data):
            log.warning("identity_provider_contradicts_itself", provider=sociallogin.provider.name)
            raise ImmediateHttpResponse(_failed(request))
        believed = _believed(sociallogin)
        for address in sociallogin.email_addresses:
            address.verified = address in believed  # or we verify it ourselves


def provider_page(view: View) -> View:
    """A view that leads to a provider, or comes back from one that may answer anything."""

    @wraps(view)
    def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response = view(request, *args, **kwargs)
        except SocialApp.DoesNotExist as error:
            raise Http404("No provider of this name.") from error
        except NONSENSE:
            log.exception("identity_provider_failed")
            return _failed(request)
        location = response.headers.get("Location", "")
        if location.startswith(("https://", "http://")):
            # A page of its own, because a form may send people to this site only, and browsers
            # hold that against every redirect that follows.
            return render(request, "socialaccount/leave.html", {"to": location})
        if location and not location.startswith("/"):
            log.error("identity_provider_has_no_page", to=location[:200])
            return _failed(request)
        return response

    return run


def _believed(sociallogin: SocialLogin) -> list[Any]:
    """The addresses that are the person's, as far as the provider is trusted to know."""
    return [
        address
        for address in sociallogin.email_addresses
        # Some say "false", in words.
        if address.verified is True and _is_trusted(sociallogin.provider, address.email)
    ]


def _is_trusted(provider: Provider, email: str) -> bool:
    return email.rpartition("@")[2].lower() in provider.app.settings["email_domains"]


def _check_that_it_can_be_kept(account: SocialAccount) -> None:
    """Here, as what a database refuses would be found out too late to say whose fault it is."""
    said = json.dumps(account.extra_data, ensure_ascii=False, allow_nan=False)
    said.encode()
    if "\\u0000" in said:
        raise ValueError("The provider says what no database keeps.")


def _speaks_of_one_person(said: dict[str, Any]) -> bool:
    """What OpenID Connect asks clients to make sure of: both answers are about the same person."""
    token, userinfo = said.get("id_token"), said.get("userinfo")
    if token is None:
        return userinfo is None  # GitHub, which knows neither
    return userinfo is None or token["sub"] == userinfo["sub"]


def _failed(request: HttpRequest) -> HttpResponse:
    return render(request, "socialaccount/authentication_error.html", status=502)
