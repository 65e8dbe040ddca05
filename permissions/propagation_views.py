"""Whether what was saved on Org Permissions is in force: the line that renews itself."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from orgs.guards import OrganizationRequest, owners_only
from orgs.models import Organization
from permissions.propagation import propagation_of

LONGEST_WAIT_SECONDS = 60


@require_safe
@owners_only
def propagation(request: OrganizationRequest, organization: Organization) -> HttpResponse:
    """The line anew (htmx), or 204 if it still says what is shown; else the page that has it.

    So screen readers hear of what has changed, and of nothing each second.
    """
    if not request.headers.get("HX-Request"):
        return redirect("org_permissions", organization.name)
    until = _time(request.GET.get("until", ""))
    context = propagation_line(organization, until)
    if context["waits"] and context["figures"] == request.GET.get("shown"):
        return HttpResponse(status=204)
    return render(request, "permissions/_propagation.html", context)


def propagation_line(organization: Organization, until: int | None = None) -> dict[str, Any]:
    """What the line's template shows: it waits for workers until then, at most for a minute."""
    found, now = propagation_of(organization), int(timezone.now().timestamp())
    latest = now + LONGEST_WAIT_SECONDS
    until = latest if until is None else min(until, latest)
    return {
        "propagation": found,
        "figures": f"{found.policy_version}-{found.workers_in_force}-{len(found.workers)}",
        "waits": not found.in_force_everywhere and now < until,
        "until": until,
    }


def _time(text: str) -> int:
    """A time in seconds; what is none is long ago."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0
