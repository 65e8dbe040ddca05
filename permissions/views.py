"""Org Permissions: the page where owners allow and restrict, and members read."""

from dataclasses import asdict

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import get_text_list
from django.views.decorators.http import require_http_methods

from orgs.actor import Actor
from orgs.guards import OrganizationRequest, org_page
from orgs.models import Organization
from permissions import queries
from permissions.catalog_queries import catalog_state
from permissions.forms import WORD, PolicyForm
from permissions.models import ImageAccessPolicy
from permissions.operations import SettingsChanged, change_policy
from permissions.own_rule_queries import rules_in_force
from permissions.plan import PlanRequired


@require_http_methods(["GET", "HEAD", "POST"])
@org_page
def org_permissions(request: OrganizationRequest, organization: Organization) -> HttpResponse:
    if request.method == "POST":
        return _save(request, organization)
    policy = queries.policy_of(organization)
    return _page(request, organization, policy, PolicyForm.showing(policy))


def _save(request: OrganizationRequest, organization: Organization) -> HttpResponse:
    form = PolicyForm(request.POST)
    if not form.is_valid():
        return _page(request, organization, queries.policy_of(organization), form, status=400)
    try:
        saved = change_policy(
            Actor.of_request(request),
            organization,
            form.wished(),
            form.cleaned_data["seen_version"],
        )
    except SettingsChanged as conflict:
        return _ask_again(request, organization, form, conflict)
    except PlanRequired as error:
        form.add_error(None, str(error))
        return _page(request, organization, queries.policy_of(organization), form, status=403)
    messages.success(request, _in_words(organization, saved))
    return redirect("org_permissions", organization.name)


def _in_words(organization: Organization, saved: ImageAccessPolicy) -> str:
    """What a saved policy means to the organization's members, as a sentence."""
    if not saved.enabled:
        return (
            f"Image Access Management is disabled: {organization.name} restricts no images. "
            "The settings below are kept for when you enable it."
        )
    if saved.mode == ImageAccessPolicy.Mode.MONITOR:
        return (
            "Image Access Management is enabled and only monitors: members of "
            f"{organization.name} may pull any image, and what would be refused is recorded."
        )
    allowed = ["organization"]
    if saved.allow_official_images:
        allowed.append("official")
    if saved.allow_verified_publishers:
        allowed.append("verified publisher")
    return (
        "Image Access Management is enabled and in force: "
        f"members of {organization.name} may pull only {get_text_list(allowed, 'and')} images."
    )


def _ask_again(
    request: OrganizationRequest,
    organization: Organization,
    wished: PolicyForm,
    conflict: SettingsChanged,
) -> HttpResponse:
    """P5: show the wish again beside what is there now; saving it once more means it."""
    again = PolicyForm(
        {
            **{field: WORD.get(value, value) for field, value in asdict(wished.wished()).items()},
            "seen_version": conflict.current.settings_version,
        }
    )
    return _page(request, organization, conflict.current, again, status=409, conflict=conflict)


def _page(
    request: OrganizationRequest,
    organization: Organization,
    policy: ImageAccessPolicy,
    form: PolicyForm,
    *,
    status: int = 200,
    conflict: SettingsChanged | None = None,
) -> HttpResponse:
    context = {
        "policy": policy,
        "form": form,
        "conflict": conflict,
        "namespaces": queries.namespaces_of(organization),
        "publishers": queries.publisher_examples(),
        "catalog": catalog_state(),
        "mirror": queries.mirror_for(organization),
        "rules": rules_in_force(organization),
        "may_change": request.is_owner and organization.has_business_plan,
    }
    return render(request, "permissions/org_permissions.html", context, status=status)
