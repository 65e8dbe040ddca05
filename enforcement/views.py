"""Enforce Sign-in: the page, and the files to download."""

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from enforcement import artefacts
from enforcement.artefacts.commands import platforms
from enforcement.artefacts.files import registry_json
from enforcement.choice import at_docker_hub, chosen_organizations
from enforcement.forms import CheckForm
from orgs.guards import OrganizationRequest, org_page, owners_only
from orgs.models import Organization
from permissions.queries import mirror_for, namespaces_of, policy_of


@require_safe
@org_page
def enforce_sign_in(request: OrganizationRequest, organization: Organization) -> HttpResponse:
    chosen = chosen_organizations(request, organization)
    names = at_docker_hub(chosen)
    context = {
        "registry_json": registry_json(names).decode(),
        "platforms": platforms(names),
        "may_use": request.is_owner and all(one.has_business_plan for one in chosen),
        "check_form": CheckForm(is_owner=request.is_owner),
        "policy": policy_of(organization),
        "namespaces": namespaces_of(organization),
        "mirror": mirror_for(organization),
    }
    return render(request, "enforcement/enforce_sign_in.html", context)


@require_safe
@owners_only
def artefact(
    request: OrganizationRequest, organization: Organization, artefact_name: str
) -> HttpResponse:
    chosen = chosen_organizations(request, organization)
    for one in chosen:
        if not one.has_business_plan:
            raise PermissionDenied(
                f"Enforce Sign-in needs the Business plan, and {one.name} does not have it. "
                "Ask site staff for it."
            )
    made = artefacts.artefact(artefact_name, at_docker_hub(chosen))
    return HttpResponse(
        made.body,
        content_type=made.media_type,
        headers={"Content-Disposition": f'attachment; filename="{made.filename}"'},
    )
