"""Enforce Sign-in: the page, and the files to download."""

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from enforcement.artefacts.files import registry_json
from enforcement.artefacts.platforms import platforms
from enforcement.choice import choice_of
from enforcement.forms import CheckForm
from enforcement.handing_out import hand_out
from orgs.guards import OrganizationRequest, org_page, owners_only
from orgs.models import Organization
from permissions.queries import mirror_for, namespaces_of, policy_of


@require_safe
@vary_on_headers("User-Agent")
@org_page
def enforce_sign_in(request: OrganizationRequest, organization: Organization) -> HttpResponse:
    choice = choice_of(request, organization)
    context = {
        "choice": choice,
        "registry_json": registry_json(choice.names).decode(),
        "platforms": platforms(choice.names, request.headers.get("User-Agent", "")),
        "may_use": request.is_owner and choice.without_plan is None,
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
    choice = choice_of(request, organization)
    if choice.without_plan is not None:
        raise PermissionDenied(
            "Enforce Sign-in needs the Business plan, and "
            f"{choice.without_plan.name} does not have it. Ask site staff for it."
        )
    made = hand_out(artefact_name, choice.names)
    return HttpResponse(
        made.body,
        content_type=made.media_type,
        headers={"Content-Disposition": f'attachment; filename="{made.filename}"'},
    )
