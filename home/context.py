"""What the frame around every page shows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from orgs.models import User
from orgs.queries import is_site_staff, organizations_of


def navigation(request: HttpRequest) -> dict[str, Any]:
    """The organization switcher's entries, and the organization that the page is about."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {"sign_up_is_open": settings.SIGN_UP == "open"}
    return {
        "my_organizations": organizations_of(user),
        "organization": getattr(request, "organization", None),
        "is_owner": getattr(request, "is_owner", False),
        "is_site_staff": is_site_staff(user),
    }
