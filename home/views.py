"""The pages that look across the rooms."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from audit.queries import WantedChanges, changes_of
from home.activity_views import hidden_from
from home.api_docs import operations_by_tag
from home.chart import pulls_by_day
from home.checklist import checklist
from home.documents import document
from orgs import operations
from orgs.actor import Actor
from orgs.guards import OrganizationRequest, org_page, owners_only, public_page
from orgs.invitation_queries import waiting_for
from orgs.models import Organization, User
from orgs.queries import (
    active_member_count,
    active_owners,
    has_second_factor,
    organizations_of,
    teams_of,
)
from permissions.queries import namespaces_of, policy_of, registries_of

LATEST = 5
MOST_OWNERS = 12


@require_safe
@public_page
def home(request: HttpRequest) -> HttpResponse:
    if not isinstance(request.user, User):
        return render(request, "home/welcome.html")
    context = {
        "organizations": organizations_of(request.user),
        "may_create": operations.may_create_organizations(request.user),
        "invitations": waiting_for(request.user),
    }
    return render(request, "home/organizations.html", context)


@require_safe
@org_page
def overview(request: OrganizationRequest, organization: Organization) -> HttpResponse:
    policy = policy_of(organization)
    registries, namespaces = list(registries_of(organization)), list(namespaces_of(organization))
    member_count = active_member_count(organization)
    context: dict[str, Any] = {
        "policy": policy,
        "owners": list(active_owners(organization)[: MOST_OWNERS + 1]),
        "most_owners": MOST_OWNERS,
        "member_count": member_count,
        "team_count": teams_of(organization).count(),
        "namespaces": namespaces,
        "registries": registries,
        "recent": changes_of(organization.pk, WantedChanges(hidden=hidden_from(request)), LATEST),
    }
    if request.is_owner:
        context["recommends_second_factor"] = not has_second_factor(request.user)
        context["chart"] = pulls_by_day(organization.pk, timezone.now().date())
        context["steps"] = checklist(
            organization,
            has_registry=bool(registries),
            has_namespace=bool(namespaces),
            member_count=member_count,
            is_enabled=policy.enabled,
        )
    return render(request, "home/overview.html", context)


@require_POST
@owners_only
def put_checklist_away(request: OrganizationRequest, organization: Organization) -> HttpResponse:
    operations.put_checklist_away(Actor.of_request(request), organization)
    return redirect("overview", organization.name)


@require_safe
@public_page
def api_docs(request: HttpRequest) -> HttpResponse:
    return render(request, "home/api_docs.html", {"groups": operations_by_tag()})


@require_safe
@public_page
def documentation(request: HttpRequest, name: str = "") -> HttpResponse:
    found = document(name)
    if found is None:
        raise Http404("The documentation has no such page.")
    return render(request, "home/document.html", {"document": found, "name": name})
