"""Blocks and exceptions: the page where owners make and end them, and members read."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from orgs.actor import Actor, Invalid
from orgs.guards import OrganizationRequest, org_page, owners_only
from orgs.models import Organization
from permissions import own_rule_queries
from permissions.own_rule_operations import add_own_rule, end_own_rule
from permissions.plan import PlanRequired
from permissions.queries import policy_of
from permissions.rule_forms import OwnRuleForm

PAGE_SIZE = 50


@require_http_methods(["GET", "HEAD", "POST"])
@org_page
def own_rules(request: OrganizationRequest, organization: Organization) -> HttpResponse:
    if request.method == "POST":
        return _add(request, organization)
    return _page(request, organization, OwnRuleForm())


@require_POST
@owners_only
def end_rule(request: OrganizationRequest, organization: Organization, number: int) -> HttpResponse:
    try:
        rule = end_own_rule(Actor.of_request(request), organization, number)
    except Invalid as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"The rule has ended: {rule}.")
    return redirect("own_rules", organization.name)


@require_safe
@org_page
def ended_rules(request: OrganizationRequest, organization: Organization) -> HttpResponse:
    """The history: what was in force once."""
    rules = Paginator(own_rule_queries.ended_rules(organization), PAGE_SIZE)
    context = {"page": rules.get_page(request.GET.get("page"))}
    return render(request, "permissions/ended_rules.html", context)


def _add(request: OrganizationRequest, organization: Organization) -> HttpResponse:
    form = OwnRuleForm(request.POST)
    if not form.is_valid():
        return _page(request, organization, form, status=400)
    try:
        rule = add_own_rule(Actor.of_request(request), organization, **form.wished())
    except Invalid as error:
        form.add_error(None, str(error))
        status = 403 if isinstance(error, PlanRequired) else 400
        return _page(request, organization, form, status=status)
    messages.success(request, f"The rule is in force: {rule}.")
    return redirect("own_rules", organization.name)


def _page(
    request: OrganizationRequest,
    organization: Organization,
    form: OwnRuleForm,
    *,
    status: int = 200,
) -> HttpResponse:
    in_force = Paginator(own_rule_queries.rules_now(organization), PAGE_SIZE)
    page = in_force.get_page(request.GET.get("page"))
    context = {
        "form": form,
        "page": page,
        "rules": own_rule_queries.with_effects(organization, page) if request.is_owner else page,
        "policy": policy_of(organization),
        "may_change": request.is_owner and organization.has_business_plan,
    }
    return render(request, "permissions/own_rules.html", context, status=status)
