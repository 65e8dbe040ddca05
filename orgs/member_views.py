"""Members: the list, one member and their teams, removing and leaving, the list as a file."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from orgs import member_operations, queries
from orgs.actor import Actor, Invalid
from orgs.guards import OrganizationRequest, members_leaving, org_page, owners_only
from orgs.member_export import member_file
from orgs.member_forms import MemberFilterForm, MemberTeamsForm
from orgs.member_queries import find_members
from orgs.models import Membership, Organization

PAGE_SIZE = 25


@require_safe
@org_page
def members(request: OrganizationRequest, organization: Organization) -> HttpResponse:
    teams = queries.teams_of(organization)
    form = MemberFilterForm(request.GET, teams=teams, for_owner=request.is_owner)
    form.is_valid()  # what can't be is said beside its field, and narrows nothing
    found = find_members(organization, form.wanted())
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "orgs/members.html", {"form": form, "page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@org_page
def member(request: OrganizationRequest, organization: Organization, username: str) -> HttpResponse:
    membership = _found(organization, username)
    current = {team.name for team in membership.teams.all()}
    teams = list(queries.teams_of(organization))
    posted = request.POST if request.method == "POST" else None
    form = MemberTeamsForm(posted, teams=teams, chosen=current)
    if form.is_valid():
        try:
            member_operations.change_teams(
                Actor.of_request(request), organization, membership.user, **form.wished()
            )
        except Invalid as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"The teams of {username} are saved.")
            return redirect("member", organization.name, username)
    context: dict[str, Any] = {"form": form, "membership": membership, "teams": teams}
    context["chosen"] = set(form["teams"].data) if posted else current
    context["is_self"] = membership.user == request.user
    return render(request, "orgs/member.html", context, status=400 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@owners_only
def remove_members(request: OrganizationRequest, organization: Organization) -> HttpResponse:
    """Say what follows from removing the chosen members; posting removes them."""
    asked = request.POST if request.method == "POST" else request.GET
    chosen = queries.members_named(organization, asked.getlist("user"))
    if not chosen:
        messages.error(request, "Choose at least one member first.")
        return redirect("members", organization.name)
    problem = ""
    if request.method == "POST":
        try:
            removed = member_operations.remove_members(
                Actor.of_request(request), organization, [one.user.username for one in chosen]
            )
        except Invalid as error:
            problem = str(error)
        else:
            messages.success(request, f"No longer in {organization.name}: {', '.join(removed)}.")
            themselves = request.user.username in removed
            return redirect("home") if themselves else redirect("members", organization.name)
    context = {"chosen": chosen, "problem": problem}
    status = 400 if problem else 200
    return render(request, "orgs/remove_members.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@members_leaving
def leave(request: OrganizationRequest, organization: Organization) -> HttpResponse:
    problem = ""
    if request.method == "POST":
        try:
            member_operations.leave_organization(Actor.of_request(request), organization)
        except Invalid as error:
            problem = str(error)
        else:
            messages.success(request, f"You are no longer a member of {organization.name}.")
            return redirect("home")
    last_owner = request.is_owner and queries.active_owners(organization).count() == 1
    context = {"problem": problem, "last_owner": last_owner}
    return render(request, "orgs/leave.html", context, status=400 if problem else 200)


@require_safe
@owners_only
def export_members(request: OrganizationRequest, organization: Organization) -> HttpResponseBase:
    name = f"{organization.name}-members-{timezone.now():%Y%m%d-%H%M%S}.csv"
    return StreamingHttpResponse(
        member_file(organization),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )


def _found(organization: Organization, username: str) -> Membership:
    membership = queries.member_of(organization, username)
    if membership is None:
        raise Http404("No member of this name.")
    return membership
