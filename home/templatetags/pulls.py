"""Lines of the pull log in words."""

from django import template

from audit.models import PullLogEntry

register = template.Library()

CATEGORIES = {
    "organization": "Organization image",
    "official": "Official image",
    "verified_publisher": "Verified publisher image",
    "community": "Community image",
}
RULES = {
    "anonymous_denied": "nobody had signed in",
    "blocked": "a rule of the organization blocks it",
    "community_restricted": "community images are restricted",
    "exception": "a rule of the organization allows it",
    "invalid_reference": "this is no valid image name",
    "monitored": "restrictions are only monitored",
    "not_a_member": "not a member",
    "not_enabled": "Image Access Management is disabled",
    "official_allowed": "official images are allowed",
    "official_restricted": "official images are restricted",
    "organization_image": "an image of the organization itself",
    "owner": "owners are exempt",
    "push_allowed": "may write to the namespace",
    "push_denied": "may not write to the namespace",
    "reported": "reported by the registry",
    "token_scope": "the access token does not go as far",
    "verified_publisher_allowed": "verified publisher images are allowed",
    "verified_publisher_restricted": "verified publisher images are restricted",
}


@register.filter
def why(entry: PullLogEntry) -> str:
    """The rule that decided, in words; in mode monitor also the one that would have."""
    words = rule_in_words(entry.rule)
    return (
        f"{words}; else refused: {rule_in_words(entry.would_have)}" if entry.would_have else words
    )


@register.filter
def rule_in_words(rule: str) -> str:
    """A rule's code in words."""
    return RULES.get(rule, rule.replace("_", " "))


@register.filter
def listed_as(entry: PullLogEntry, publishers: dict[str, str]) -> str:
    """The catalogue's entry that makes the image a verified publisher's today, or nothing."""
    return publishers.get(entry.repository, "")


@register.filter
def category_in_words(category: str) -> str:
    """A category's code in words."""
    return CATEGORIES.get(category, "")


@register.filter
def kind(entry: PullLogEntry) -> str:
    """The image's category in words, or nothing."""
    return category_in_words(entry.category)
