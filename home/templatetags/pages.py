"""What the templates need and Django's own tags don't have."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zlib import crc32

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.forms import BoundField
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.models import AuditEntry

register = template.Library()

# What somebody did, between their name and what they did it to.
ACTIONS = {
    "cluster.connected": "connected the cluster",
    "cluster.credential_issued": "issued a credential of the cluster",
    "cluster.disconnected": "disconnected the cluster",
    "cluster.old_credentials_ended": "ended older credentials of the cluster",
    "cluster_namespace.mapped": "made the organization answer for the cluster's namespace",
    "cluster_namespace.unmapped": "ended that the organization answers for the cluster's namespace",
    "exception.allowed": "allowed the exception for",
    "exception.declined": "declined the exception for",
    "exception.requested": "asked for an exception for",
    "exception.withdrawn": "withdrew the request for an exception for",
    "image_access.changed": "changed Image Access Management",
    "invitation.accepted": "accepted the invitation",
    "invitation.declined": "declined the invitation to",
    "invitation.resent": "sent again the invitation to",
    "invitation.revoked": "revoked the invitation to",
    "invitation.sent": "invited",
    "member.added": "added the member",
    "member.left": "left the organization",
    "member.removed": "removed the member",
    "member.teams_changed": "changed the teams of",
    "namespace.assigned": "assigned the namespace",
    "namespace.declined": "declined the request for the namespace",
    "namespace.released": "released the namespace",
    "namespace.request_withdrawn": "withdrew the request for the namespace",
    "namespace.requested": "asked for the namespace",
    "organization.changed": "changed the general settings",
    "organization.created": "created the organization",
    "organization.deletion_asked": "asked to delete the organization",
    "organization.second_factor_changed": "changed who may open the organization's pages",
    "organization.set_up": "put away the list of what to do first",
    "organization.kept": "called off the deletion of the organization",
    "organization_token.created": "created the organization access token",
    "organization_token.revoked": "revoked the organization access token",
    "own_rule.added": "made a rule about",
    "own_rule.ended": "ended the rule about",
    "own_rules.stopped_counting": "made the rules stop counting that name",
    "plan.changed": "changed the plan",
    "registry.changed": "changed the registry",
    "registry.connected": "connected the registry",
    "registry.credential_issued": "issued a credential of the registry",
    "registry.disconnected": "disconnected the registry",
    "team.changed": "changed the team",
    "team.created": "created the team",
    "team.deleted": "deleted the team",
    "user.deactivated": "deactivated the user",
    "user.reactivated": "reactivated the user",
}
FIELDS = {
    "allow_official_images": "Official images",
    "allow_verified_publishers": "Verified publisher images",
    "anonymous_pulls": "Anonymous pulls",
    "asked_for_by": "Asked for by",
    "can_push": "May push",
    "docker_organization": "Organization at Docker Hub",
    "due": "To be deleted on",
    "email_domain": "E-mail domain",
    "enabled": "Image Access Management",
    "invited_by": "Invited by",
    "joined": "Joined the teams",
    "keep_old": "Older ones stay good",
    "left": "Left the teams",
    "members": "Members",
    "members_only": "Members only",
    "requires_second_factor": "Two-factor authentication",
    "upstream": "Mirror of",
    "user": "Of",
}
# How a yes and a no of these fields read on the pages.
SWITCHES = {
    "enabled": ("Enabled", "Disabled"),
    "allow_official_images": ("Allowed", "Restricted"),
    "allow_verified_publishers": ("Allowed", "Restricted"),
    "requires_second_factor": ("Required", "Optional"),
}
WORDS = {
    "kind": {"totp": "Authenticator app", "webauthn": "Passkey or security key"},
}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that an entry of the log changed, in words. Empty: there was, or is, nothing."""

    name: str
    before: str
    after: str


@register.filter
def action(entry: AuditEntry) -> str:
    """What the actor did, as the middle of a sentence."""
    return ACTIONS.get(entry.action, entry.action.replace("_", " ").replace(".", ": "))


@register.filter
def changes(entry: AuditEntry) -> list[Change]:
    """What an entry changed, in words."""
    fields = [*entry.after, *(field for field in entry.before if field not in entry.after)]
    found = [
        Change(
            FIELDS.get(field, field.replace("_", " ").capitalize()),
            _words(field, entry.before.get(field)),
            _words(field, entry.after.get(field)),
        )
        for field in fields
    ]
    return [change for change in found if change.before or change.after]


@register.filter
def number(count: int) -> SafeString:
    """A count, which a script writes as its reader writes numbers."""
    return format_html('<data class="number" value="{}">{}</data>', count, intcomma(count))


@register.filter
def names(listed: str) -> list[str]:
    """The names in a list with spaces, so that `in` finds whole ones only."""
    return listed.split()


@register.filter
def hue(name: str) -> int:
    """Which of the eight colours a name has: always the same."""
    return crc32(name.encode()) % 8


@register.filter
def is_past(moment: datetime | None) -> bool:
    """Whether a moment has come."""
    return moment is not None and moment <= timezone.now()


@register.simple_tag
def widget(field: BoundField, css_class: str) -> SafeString:
    """A form field's input with a class; its label says what it is, so no placeholder."""
    return field.as_widget(attrs={"class": css_class, "placeholder": False})


def _words(field: str, value: Any) -> str:
    if isinstance(value, bool):
        yes, no = SWITCHES.get(field, ("Yes", "No"))
        return yes if value else no
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return "" if value is None else WORDS.get(field, {}).get(str(value), str(value))
