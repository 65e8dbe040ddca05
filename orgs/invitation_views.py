"""Invitations as owners send, follow, renew and revoke them."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from orgs import invitation_operations, invitation_queries, limits, queries
from orgs.actor import Actor, Invalid
from orgs.guards import OrganizationRequest, owners_only
from orgs.invitation_forms import InviteForm
from orgs.invitation_lines import Line, Outcome
from orgs.models import Organization

PAGE_SIZE = 25
# Owners are told which names are nobody's, since names are mistyped; not without end.
UNKNOWN_IN_AN_HOUR = 200


@require_safe
@owners_only
def invitations(request: OrganizationRequest, organization: Organization) -> HttpResponse:
    past = request.GET.get("show") == "past"
    found = invitation_queries.invitations_of(organization, waiting=not past)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "orgs/invitations.html", {"page": page, "past": past})


@require_http_methods(["GET", "HEAD", "POST"])
@owners_only
def invite(request: OrganizationRequest, organization: Organization) -> HttpResponse:
    """Type people; see what would become of each line; send."""
    teams = list(queries.teams_of(organization))
    posted = request.method == "POST"
    form = (
        InviteForm(request.POST, request.FILES, teams=teams) if posted else InviteForm(teams=teams)
    )
    context: dict[str, Any] = {"form": form, "teams": teams, "chosen": []}
    if form.is_valid():
        try:
            if "send" in request.POST:
                return _send(request, organization, form)
            context |= _preview(request, organization, form)
        except Invalid as error:
            form.add_error(None, str(error))
    if posted:
        context["chosen"] = request.POST.getlist("teams")
    status = 400 if form.errors else 200
    return render(request, "orgs/invite.html", context, status=status)


@require_POST
@owners_only
def resend_invitation(
    request: OrganizationRequest, organization: Organization, public_id: str
) -> HttpResponse:
    _require(organization, public_id)
    try:
        sent = invitation_operations.resend_invitation(
            Actor.of_request(request), organization, public_id
        )
    except Invalid as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request, f"The invitation to {sent} is sent again, with 14 days to accept it."
        )
    return redirect("invitations", organization.name)


@require_POST
@owners_only
def revoke_invitation(
    request: OrganizationRequest, organization: Organization, public_id: str
) -> HttpResponse:
    _require(organization, public_id)
    try:
        revoked = invitation_operations.revoke_invitation(
            Actor.of_request(request), organization, public_id
        )
    except Invalid as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"The invitation to {revoked} is revoked.")
    return redirect("invitations", organization.name)


def _send(
    request: OrganizationRequest, organization: Organization, form: InviteForm
) -> HttpResponse:
    wished = form.cleaned_data["lines"]
    # Sending tells as much as a preview does, which nobody has to have asked for.
    _require_few_unknown(request, invitation_queries.look_at(organization, wished))
    lines = invitation_operations.invite(
        Actor.of_request(request),
        organization,
        wished,
        teams=form.cleaned_data["teams"],
    )
    sent = _number(lines)
    if not sent:
        raise Invalid("None of these people can be invited.")
    rest = f" {len(lines) - sent} left out." if sent < len(lines) else ""
    messages.success(request, f"{sent:,} invitation{'s' if sent > 1 else ''} sent.{rest}")
    return redirect("invitations", organization.name)


def _preview(
    request: OrganizationRequest, organization: Organization, form: InviteForm
) -> dict[str, Any]:
    lines = invitation_queries.look_at(organization, form.cleaned_data["lines"])
    _require_few_unknown(request, lines)
    people = "\n".join(line.text for line in lines)
    shown = [(line, _is_outside(organization, line)) for line in lines]
    # The file's lines are shown with the others, so that it needn't be chosen again.
    again = InviteForm({"people": people}, teams=[])
    return {
        "lines": shown,
        "outside": sum(outside for _, outside in shown),
        "people": people,
        "valid": _number(lines),
        "form": again,
    }


def _require_few_unknown(request: OrganizationRequest, lines: list[Line]) -> None:
    unknown = sum(line.outcome is Outcome.UNKNOWN for line in lines)
    if unknown and not limits.count(
        "unknown-invitees",
        request.user.username,
        unknown,
        most=UNKNOWN_IN_AN_HOUR,
        seconds=3_600,
    ):
        raise Invalid(
            "Too many of these user names are nobody's. Use e-mail addresses, or go on in an hour."
        )


def _is_outside(organization: Organization, line: Line) -> bool:
    """Whether a letter would go to an address outside the organization's e-mail domain."""
    to_address = line.outcome is Outcome.VALID and bool(line.email)
    return to_address and organization.is_outside(line.email)


def _number(lines: list[Line]) -> int:
    return sum(line.outcome is Outcome.VALID for line in lines)


def _require(organization: Organization, public_id: str) -> None:
    if invitation_queries.invitation_of(organization, public_id) is None:
        raise Http404("The organization has sent no such invitation.")
