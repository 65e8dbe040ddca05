"""What the pages of people's accounts need and Django's own tags don't have."""

from django import template
from django.conf import settings
from django.urls import reverse

from orgs.browsers import browser_name
from orgs.queries import organizations_requiring_second_factor

register = template.Library()
register.filter(browser_name)
register.filter(organizations_requiring_second_factor)


@register.simple_tag
def identity_providers() -> list[dict[str, str]]:
    """The providers that one can sign in with: how each is called, and where that begins."""
    return [
        {"name": provider.name, "url": _login(provider.kind, provider.identity)}
        for provider in settings.IDENTITY_PROVIDERS
    ]


def _login(kind: str, identity: str) -> str:
    if kind == "github":
        return reverse("github_login")
    return reverse("openid_connect_login", kwargs={"provider_id": identity})
