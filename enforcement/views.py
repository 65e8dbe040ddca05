"""Enforce Sign-in: the page, and the file to download."""

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from enforcement import artefacts
from orgs.guards import OrganizationRequest, org_page, owners_only
from orgs.models import Organization
from permissions.queries import mirror_for, namespaces_of, policy_of


@require_safe
@org_page
def enforce_sign_in(request: OrganizationRequest, organization: Organization) -> HttpResponse:
    names = [organization.docker_organization]
    context = {
        "registry_json": artefacts.registry_json(names).decode(),
        "platforms": artefacts.platforms(names),
        "may_use": request.is_owner and organization.has_business_plan,
        "policy": policy_of(organization),
        "namespaces": namespaces_of(organization),
        "mirror": mirror_for(organization),
    }
    return render(request, "enforcement/enforce_sign_in.html", context)


@require_safe
@owners_only
def registry_json(request: OrganizationRequest, organization: Organization) -> HttpResponse:
    if not organization.has_business_plan:
        raise PermissionDenied("Enforce Sign-in needs the Business plan. Ask site staff for it.")
    body = artefacts.registry_json([organization.docker_organization])
    return HttpResponse(
        body,
        content_type="application/json",
        headers={"Content-Disposition": 'attachment; filename="registry.json"'},
    )
