"""`HUBADMIN_OIDC`: the identity providers that people may sign in with, read and checked once."""

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec
from django.core.exceptions import ImproperlyConfigured

NAME = "HUBADMIN_OIDC"

# As they stand in addresses and columns.
Slug = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,28}[a-z0-9])?$")]
Domain = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]+(?:\.[a-z0-9-]+)+$")]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
Filled = Annotated[str, msgspec.Meta(min_length=1, max_length=191)]


class IdentityProvider(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"identity": "id"}
):
    """One provider, in the words of docs/administrators/identity-providers.md."""

    identity: Slug
    name: Name
    client_id: Filled
    client_secret: Filled
    kind: Literal["openid_connect", "github"] = "openid_connect"
    issuer: str = ""
    email_domains: list[Domain] = []
    emails_are_verified: bool = False


def read(text: str) -> list[IdentityProvider]:
    """The providers of a JSON list. Raises `ImproperlyConfigured`, which says where it is wrong."""
    if not text.strip():
        return []
    try:
        providers = msgspec.json.decode(text, type=list[IdentityProvider])
    except msgspec.MsgspecError as error:
        raise ImproperlyConfigured(f"{NAME} must be a JSON list of providers. {error}.") from error
    names = [provider.identity for provider in providers]
    clients = [(provider.kind, provider.client_id) for provider in providers]
    for provider in providers:
        if names.count(provider.identity) > 1:
            raise ImproperlyConfigured(f"{NAME} has two providers with the id {provider.identity}.")
        # The package knows by it alone, while somebody signs up, by which provider they came.
        if clients.count((provider.kind, provider.client_id)) > 1:
            raise ImproperlyConfigured(
                f"{NAME} has two providers with the client_id {provider.client_id}. "
                "Register this site under another one at one of them."
            )
        if problem := _problem_of_issuer(provider):
            raise ImproperlyConfigured(f"{NAME}: {provider.identity} {problem}")
    return providers


def as_packages_settings(providers: list[IdentityProvider]) -> dict[str, Any]:
    """The same as django-allauth wants it."""
    found: dict[str, Any] = {
        "openid_connect": {"APPS": [], "OAUTH_PKCE_ENABLED": True},
        "github": {"APPS": [], "OAUTH_PKCE_ENABLED": True, "SCOPE": ["user:email"]},
    }
    for provider in providers:
        found[provider.kind]["APPS"].append(
            {
                "provider_id": provider.identity,
                "name": provider.name,
                "client_id": provider.client_id,
                "secret": provider.client_secret,
                "settings": {
                    "server_url": provider.issuer.rstrip("/"),
                    "email_domains": provider.email_domains,
                    "emails_are_verified": provider.emails_are_verified,
                },
            }
        )
    return found


def _problem_of_issuer(provider: IdentityProvider) -> str:
    if provider.kind == "github":
        return "is GitHub, which has no issuer: leave it out." if provider.issuer else ""
    parts = urlsplit(provider.issuer)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname == "localhost"):
        return ""
    return "needs an issuer such as https://id.example.com/realms/main, by HTTPS."
