"""The way from a page to the section of the documentation that speaks of it."""

from typing import Any

from django import template
from django.template import Context

from home.documents import address_of, document
from home.help import help_for

register = template.Library()
GUIDES = {"owners": "owners' guide", "members": "members' guide"}


@register.inclusion_tag("components/help_link.html", takes_context=True)
def help_link(context: Context) -> dict[str, Any]:
    """*Learn more*, for the end of a page's sentence of help; nothing where no page is open."""
    request = context.get("request")
    match = getattr(request, "resolver_match", None)
    page = match.url_name or "" if match else ""
    found = help_for(page, is_owner=getattr(request, "is_owner", False))
    guide = document(found.document) if found else None
    if found is None or guide is None:
        return {}
    titles = {section.anchor: section.title for section in guide.sections}
    return {
        "to": address_of(found.document, found.section),
        "section": titles[found.section],
        "guide": GUIDES.get(found.document, "documentation"),
    }


@register.simple_tag
def document_address(path: str) -> str:
    """Where the site has a file of the repository's `docs/`."""
    return address_of(path.removeprefix("docs/").removesuffix(".md"))
