"""Requests for exceptions: owners answer them, members see their own and take them back."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from orgs.actor import Actor, Invalid
from orgs.guards import OrganizationRequest, members_themselves, org_page, owners_only
from orgs.models import Organization
from orgs.queries import member_of
from permissions import exception_operations
from permissions.authorize import explain
from permissions.core.policy import SubjectKind
from permissions.exception_forms import AllowForm, DeclineForm
from permissions.exception_models import ExceptionRequest
from permissions.exception_queries import (
    exception_numbered,
    exceptions_asked_by,
    settled_exceptions,
    waiting_exceptions,
)
from permissions.facts import Asker, Claim
from permissions.snapshots.memory import NotYetKnown

PAGE_SIZE = 50


@require_safe
@org_page
def exception_requests(request: OrganizationRequest, organization: Organization) -> HttpResponse:
    """Owners see what everybody asks for, members what they themselves do."""
    if request.is_owner:
        waiting, settled = waiting_exceptions(organization), settled_exceptions(organization)
    else:
        mine = exceptions_asked_by(organization, request.user)
        waiting = mine.filter(state=ExceptionRequest.State.PENDING)
        settled = mine.exclude(state=ExceptionRequest.State.PENDING)
    page = Paginator(settled, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"waiting": waiting[:PAGE_SIZE], "waiting_count": waiting.count(), "page": page}
    return render(request, "permissions/exception_requests.html", context)


@require_safe
@org_page
def exception_request(
    request: OrganizationRequest, organization: Organization, number: int
) -> HttpResponse:
    return _page(request, organization, _found(request, organization, number))


@require_POST
@owners_only
def allow_exception(
    request: OrganizationRequest, organization: Organization, number: int
) -> HttpResponse:
    asked = _found(request, organization, number)
    form = AllowForm(request.POST, asked=asked, teams=_teams(organization, asked))
    if form.is_valid():
        try:
            exception_operations.allow_exception(
                Actor.of_request(request), organization, asked, **form.wished()
            )
        except Invalid as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"The exception is in force, and {asked.user} is told.")
            return redirect("exception_requests", organization.name)
    return _page(request, organization, asked, allow=form, status=400)


@require_POST
@owners_only
def decline_exception(
    request: OrganizationRequest, organization: Organization, number: int
) -> HttpResponse:
    asked = _found(request, organization, number)
    form = DeclineForm(request.POST)
    if form.is_valid():
        try:
            exception_operations.decline_exception(
                Actor.of_request(request), organization, asked, form.cleaned_data["answer"]
            )
        except Invalid as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"The request is declined, and {asked.user} is told.")
            return redirect("exception_requests", organization.name)
    return _page(request, organization, asked, decline=form, status=400)


@require_POST
@members_themselves
def withdraw_exception(
    request: OrganizationRequest, organization: Organization, number: int
) -> HttpResponse:
    asked = _found(request, organization, number)
    try:
        exception_operations.withdraw_exception(Actor.of_request(request), organization, asked)
    except Invalid as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Your request for {asked} is withdrawn.")
    return redirect("exception_requests", organization.name)


def _page(
    request: OrganizationRequest,
    organization: Organization,
    asked: ExceptionRequest,
    *,
    allow: AllowForm | None = None,
    decline: DeclineForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {"asked": asked, "mine": asked.user == request.user}
    if asked.is_pending:
        try:
            claim = Claim(SubjectKind.USER, asked.user.username)
            asker = Asker(organization=organization.name, may_tell_unknown=False)
            context["explanation"] = explain(claim, asker, asked.target)
        except NotYetKnown:
            context["unknown"] = True
    if asked.is_pending and request.is_owner:
        teams = _teams(organization, asked)
        context["allow"] = allow or AllowForm(asked=asked, teams=teams)
        context["decline"] = decline or DeclineForm()
    return render(request, "permissions/exception_request.html", context, status=status)


def _found(
    request: OrganizationRequest, organization: Organization, number: int
) -> ExceptionRequest:
    """An owner's organization's request, or a member's own; any other does not exist to them."""
    asked = exception_numbered(organization, number)
    if asked is None or not (request.is_owner or asked.user == request.user):
        raise Http404("No such request of yours.")
    return asked


def _teams(organization: Organization, asked: ExceptionRequest) -> list[str]:
    """The teams of who asks that an exception can be for: owners need none."""
    membership = member_of(organization, asked.user.username)
    teams = membership.teams.all() if membership else []
    return sorted(team.name for team in teams if not team.is_owners)
