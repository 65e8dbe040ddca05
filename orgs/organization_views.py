"""An organization itself: making one, its general settings, and its end."""

from typing import Any

from django.conf import settings as site_settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from orgs import deletion_operations, operations
from orgs.actor import Actor, Invalid
from orgs.forms import ConfirmNameForm, NewOrganizationForm, OrganizationForm, SecondFactorForm
from orgs.guards import OrganizationRequest, SignedInRequest, org_page, owners_only, personal_page
from orgs.models import Organization
from orgs.queries import active_member_count, count_without_second_factor, has_second_factor


@require_http_methods(["GET", "HEAD", "POST"])
@personal_page
def new_organization(request: SignedInRequest) -> HttpResponse:
    if not operations.may_create_organizations(request.user):
        raise PermissionDenied(
            "You can't make organizations here. Ask an administrator of this site for one."
        )
    form = NewOrganizationForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            made = operations.create_organization(
                Actor.of_request(request), owner=request.user, **form.cleaned_data
            )
        except Invalid as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{made.name} is yours.")
            return redirect("overview", made.name)
    status = 400 if form.errors else 200
    return render(request, "orgs/new_organization.html", {"form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@org_page
def settings(request: OrganizationRequest, organization: Organization) -> HttpResponse:
    posted = request.method == "POST"
    form = OrganizationForm(request.POST) if posted else OrganizationForm.showing(organization)
    if posted and form.is_valid():
        try:
            operations.change_profile(Actor.of_request(request), organization, **form.cleaned_data)
        except Invalid as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "The settings are saved.")
            return redirect("organization_settings", organization.name)
    context: dict[str, Any] = {"form": form}
    if request.is_owner:
        context["recommends_second_factor"] = not has_second_factor(request.user)
        context["without_second_factor"] = count_without_second_factor(organization)
        context["member_count"] = active_member_count(organization)
    status = 400 if form.errors else 200
    return render(request, "orgs/settings.html", context, status=status)


@require_POST
@owners_only
def require_second_factor(request: OrganizationRequest, organization: Organization) -> HttpResponse:
    try:
        required = SecondFactorForm(request.POST).wished()
        operations.require_second_factor(Actor.of_request(request), organization, required=required)
    except Invalid as error:
        messages.error(request, str(error))
    else:
        words = "now requires" if required else "no longer requires"
        messages.success(request, f"{organization.name} {words} two-factor authentication.")
    return redirect("organization_settings", organization.name)


@require_http_methods(["GET", "HEAD", "POST"])
@owners_only
def delete_organization(request: OrganizationRequest, organization: Organization) -> HttpResponse:
    form = ConfirmNameForm(request.POST if request.method == "POST" else None, organization)
    if form.is_valid():
        deletion_operations.ask_for_deletion(Actor.of_request(request), organization)
        return redirect("overview", organization.name)
    context = {"form": form, "days": site_settings.DELETION_DAYS}
    status = 400 if form.errors else 200
    return render(request, "orgs/delete_organization.html", context, status=status)


@require_POST
@owners_only
def keep_organization(request: OrganizationRequest, organization: Organization) -> HttpResponse:
    deletion_operations.keep_organization(Actor.of_request(request), organization)
    messages.success(request, f"{organization.name} is not going to be deleted.")
    return redirect("overview", organization.name)
