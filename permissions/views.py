"""Org Permissions: the page where owners allow and restrict, and members read."""

from dataclasses import asdict
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import get_text_list
from django.views.decorators.http import require_http_methods, require_POST

from orgs.actor import Actor
from orgs.guards import OrganizationRequest, org_page, owners_only
from orgs.models import Organization
from permissions import queries
from permissions.catalog_queries import catalog_state
from permissions.core.changes import changes
from permissions.exception_queries import waiting_exceptions
from permissions.forms import WORD, CanPullForm, PolicyForm
from permissions.impact import foresee
from permissions.models import ImageAccessPolicy
from permissions.monitor_queries import monitored
from permissions.operations import Settings, SettingsChanged, change_policy
from permissions.own_rule_queries import rules_in_force
from permissions.plan import PlanRequired
from permissions.propagation_views import propagation_line


@require_http_methods(["GET", "HEAD", "POST"])
@org_page
def org_permissions(request: OrganizationRequest, organization: Organization) -> HttpResponse:
    if request.method == "POST":
        return _save(request, organization)
    policy = queries.policy_of(organization)
    return _page(request, organization, policy, PolicyForm.showing(policy))


@require_POST
@owners_only
def preview_permissions(request: OrganizationRequest, organization: Organization) -> HttpResponse:
    """What saving the switches as they stand would change: the page again, or (htmx) that part."""
    form, policy = PolicyForm(request.POST), queries.policy_of(organization)
    if not form.is_valid():
        return _page(request, organization, policy, form, status=400)
    preview = _preview(organization, policy, form.wished())
    if request.headers.get("HX-Request"):
        return render(request, "permissions/_previewed.html", preview)
    return _page(request, organization, policy, form, **preview)


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


def _preview(
    organization: Organization, policy: ImageAccessPolicy, wished: Settings
) -> dict[str, Any]:
    """What the templates of the preview show: the changes in words, and the impact."""
    before, then = Settings.of(policy).over(policy), wished.over(policy)
    return {
        "previewed": True,
        "wished": wished,
        "changes": changes(organization.name, before, then, len(rules_in_force(organization))),
        "foreseen": foresee(organization, then, timezone.now()) if then.enabled else None,
    }


def _page(
    request: OrganizationRequest,
    organization: Organization,
    policy: ImageAccessPolicy,
    form: PolicyForm,
    *,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    may_change = request.is_owner and organization.has_business_plan
    context = {
        "policy": policy,
        "form": form,
        "namespaces": queries.namespaces_of(organization),
        "officials": queries.official_examples(),
        "publishers": queries.publisher_examples(),
        "catalog": catalog_state(),
        "mirror": queries.mirror_for(organization),
        "rules": rules_in_force(organization),
        "may_change": may_change,
        "can_pull": CanPullForm(about_anybody=request.is_owner),
        **more,
    }
    if request.is_owner:
        context["requests"] = waiting_exceptions(organization).count()
        context |= propagation_line(organization)
    if may_change and policy.enabled and policy.mode == ImageAccessPolicy.Mode.MONITOR:
        context["monitored"] = monitored(organization, timezone.now().date())
    return render(request, "permissions/org_permissions.html", context, status=status)
