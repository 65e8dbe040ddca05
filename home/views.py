"""The pages that look across the rooms."""

from dataclasses import replace
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audit.models import PullLogEntry
from audit.pull_queries import USER, pulls_of
from audit.queries import entries_of
from home.api_docs import operations_by_tag
from home.forms import PullFilterForm
from orgs.guards import OrganizationRequest, org_page, public_page
from orgs.models import Organization, User
from orgs.operations import may_create_organizations
from orgs.queries import active_owners, members_of, organizations_of, teams_of
from permissions.queries import namespaces_of, policy_of, registries_of

PAGE_SIZE = 50


@require_safe
@public_page
def home(request: HttpRequest) -> HttpResponse:
    if not isinstance(request.user, User):
        return render(request, "home/welcome.html")
    context = {
        "organizations": organizations_of(request.user),
        "may_create": may_create_organizations(request.user),
    }
    return render(request, "home/organizations.html", context)


@require_safe
@org_page
def overview(request: OrganizationRequest, organization: Organization) -> HttpResponse:
    context: dict[str, Any] = {
        "policy": policy_of(organization),
        "owners": active_owners(organization),
        "member_count": members_of(organization).filter(user__is_active=True).count(),
        "team_count": teams_of(organization).count(),
        "namespaces": namespaces_of(organization),
        "registries": registries_of(organization),
        "recent": entries_of(organization.pk)[:5],
    }
    return render(request, "home/overview.html", context)


@require_safe
@org_page
def activity(request: OrganizationRequest, organization: Organization) -> HttpResponse:
    page = Paginator(entries_of(organization.pk), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "home/activity.html", {"page": page})


@require_safe
@org_page
def pulls(request: OrganizationRequest, organization: Organization) -> HttpResponse:
    """What was decided: owners see everybody's pulls, members their own."""
    form = PullFilterForm(request.GET)
    found: list[PullLogEntry] = []
    if form.is_valid():
        wanted = form.wanted()
        if not request.is_owner:
            wanted = replace(wanted, subject=request.user.username, subject_kind=USER)
        found = list(pulls_of(organization.pk, wanted)[: PAGE_SIZE + 1])
    context: dict[str, Any] = {"form": form, "pulls": found[:PAGE_SIZE]}
    context["older"] = found[PAGE_SIZE - 1].pk if len(found) > PAGE_SIZE else None
    return render(request, "home/pulls.html", context)


@require_safe
@public_page
def api_docs(request: HttpRequest) -> HttpResponse:
    return render(request, "home/api_docs.html", {"groups": operations_by_tag()})
