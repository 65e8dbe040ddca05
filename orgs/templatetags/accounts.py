"""What the pages of people's accounts need and Django's own tags don't have."""

from django import template
from django.conf import settings
from django.urls import reverse

from audit.models import AuditEntry
from orgs.account_queries import WITH_ONES_OWN
from orgs.browsers import browser_name
from orgs.queries import organizations_requiring_second_factor

# What happened to an account, behind who did it.
ACTIONS = {
    "email.added": "added an e-mail address",
    "email.made_primary": "made another e-mail address the primary one",
    "email.removed": "removed an e-mail address",
    "email.verified": "verified an e-mail address",
    "identity.connected": "connected an account elsewhere",
    "identity.disconnected": "disconnected an account elsewhere",
    "personal_token.created": "made the access token",
    "personal_token.revoked": "revoked the access token",
    "recovery_codes.made": "made new recovery codes",
    "refresh_token.revoked": "ended the registry sign-in",
    "second_factor.added": "added a second factor",
    "second_factor.removed": "removed a second factor",
    "session.all_others_ended": "ended all other sessions",
    "session.ended": "ended a session",
    "user.appointed_staff": "appointed you site staff",
    "user.created": "made this account",
    "user.deactivated": "deactivated this account",
    "user.dismissed_staff": "ended that you are site staff",
    "user.password_changed": "changed the password",
    "user.password_set": "set another password",
    "user.reactivated": "reactivated this account",
    "user.renamed": "changed the full name",
    "user.signed_in": "signed in",
    "user.signed_up": "signed up",
}
register = template.Library()
register.filter(browser_name)
register.filter(organizations_requiring_second_factor)


@register.filter
def account_action(entry: AuditEntry) -> str:
    """What somebody did to an account, or with what belongs to it."""
    words = ACTIONS[entry.action]
    return f"{words} {entry.target}" if entry.action in WITH_ONES_OWN else words


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
