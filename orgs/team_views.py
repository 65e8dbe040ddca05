"""Teams: the list, one team with its members, and what owners change about them."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from orgs import member_operations, queries, team_operations
from orgs.actor import Actor, Invalid
from orgs.events import reasons_to_keep
from orgs.guards import OrganizationRequest, org_page, owners_only
from orgs.models import Organization, Team
from orgs.team_forms import DeleteTeamForm, JoinTeamForm, TeamForm

PAGE_SIZE = 25


@require_http_methods(["GET", "HEAD", "POST"])
@org_page
def teams(request: OrganizationRequest, organization: Organization) -> HttpResponse:
    form = TeamForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            made = team_operations.create_team(
                Actor.of_request(request), organization, **form.cleaned_data
            )
        except Invalid as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, f"The team {made.name} is there. Add its members here.")
            return redirect("team", organization.name, made.name)
    page = Paginator(queries.teams_with_sizes(organization), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    status = 400 if form.errors else 200
    return render(request, "orgs/teams.html", {"form": form, "page": page}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@org_page
def team(request: OrganizationRequest, organization: Organization, team: str) -> HttpResponse:
    """One team; posting puts members into it."""
    found = _found(organization, team)
    form = JoinTeamForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            joined = member_operations.add_to_team(
                Actor.of_request(request), organization, found.name, form.cleaned_data["usernames"]
            )
        except Invalid as error:
            form.add_error("usernames", str(error))
        else:
            messages.success(request, _joined(found, joined))
            return redirect("team", organization.name, found.name)
    people = queries.members_of_team(organization, found)
    page = Paginator(people, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"team": found, "page": page, "form": form}
    return render(request, "orgs/team.html", context, status=400 if form.errors else 200)


@require_POST
@owners_only
def leave_team(request: OrganizationRequest, organization: Organization, team: str) -> HttpResponse:
    """Take the chosen members out of a team."""
    found = _found(organization, team)
    try:
        left = member_operations.take_out_of_team(
            Actor.of_request(request), organization, found.name, request.POST.getlist("user")
        )
    except Invalid as error:
        messages.error(request, str(error))
    else:
        if left:
            messages.success(request, f"No longer in {found.name}: {', '.join(left)}.")
        else:
            messages.error(request, "Choose at least one member of the team first.")
    return redirect("team", organization.name, found.name)


@require_http_methods(["GET", "HEAD", "POST"])
@owners_only
def change_team(
    request: OrganizationRequest, organization: Organization, team: str
) -> HttpResponse:
    found = _own_team(organization, team)
    form = TeamForm(request.POST) if request.method == "POST" else TeamForm.showing(found)
    if form.is_valid():
        try:
            changed = team_operations.change_team(
                Actor.of_request(request), organization, found.name, **form.cleaned_data
            )
        except Invalid as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, f"The team {changed.name} is saved.")
            return redirect("team", organization.name, changed.name)
    status = 400 if form.errors else 200
    return render(request, "orgs/change_team.html", {"form": form, "team": found}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@owners_only
def delete_team(
    request: OrganizationRequest, organization: Organization, team: str
) -> HttpResponse:
    found = _own_team(organization, team)
    form = DeleteTeamForm(request.POST if request.method == "POST" else None, team=found)
    if form.is_valid():
        try:
            team_operations.delete_team(Actor.of_request(request), organization, found.name)
        except Invalid as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"The team {found.name} is deleted.")
            return redirect("teams", organization.name)
    context = {
        "form": form,
        "team": found,
        "member_count": queries.members_of_team(organization, found).count(),
        "reasons": reasons_to_keep(found),
    }
    status = 400 if form.errors else 200
    return render(request, "orgs/delete_team.html", context, status=status)


def _found(organization: Organization, name: str) -> Team:
    found = queries.team_of(organization, name)
    if found is None:
        raise Http404("No team of this name.")
    return found


def _own_team(organization: Organization, name: str) -> Team:
    found = _found(organization, name)
    if found.is_owners:
        raise Http404("The team owners is built in: it can't be renamed, changed or deleted.")
    return found


def _joined(team: Team, usernames: list[str]) -> str:
    if not usernames:
        return f"All of them were in {team.name} already."
    if team.is_owners:
        return f"Owners now: {', '.join(usernames)}."
    return f"Now in {team.name}: {', '.join(usernames)}."
