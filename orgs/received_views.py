"""Invitations as whoever gets them sees them: by the link in the e-mail, or signed in."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from orgs import invitation_operations, invitation_queries
from orgs.actor import Actor, Invalid
from orgs.guards import SignedInRequest, personal_page, public_page
from orgs.invitation_models import Invitation
from orgs.invited_visits import come_by
from orgs.models import User


@require_safe
@public_page
def received_invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """What the link in the e-mail opens: to accept, to sign in or up for that, or why not."""
    invitation = invitation_queries.invitation_with_secret(secret)
    waiting = invitation is not None and invitation.is_waiting
    context: dict[str, Any] = {"invitation": invitation, "waiting": waiting, "secret": secret}
    if invitation is not None and waiting:
        context |= _standing(request, invitation)
    status = 200 if waiting else 404
    response = render(request, "orgs/received_invitation.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@public_page
def sign_up_by_invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Let whoever holds the link to an e-mail address make an account with that address."""
    invitation = invitation_queries.invitation_with_secret(secret)
    if invitation is None or not invitation.is_waiting or not invitation.email:
        return redirect("received_invitation", secret)
    come_by(request, invitation)
    return redirect("account_signup")


@require_POST
@public_page
def decline_by_link(request: HttpRequest, secret: str) -> HttpResponse:
    invitation = invitation_queries.invitation_with_secret(secret)
    if invitation is None:
        raise Http404("There is no such invitation.")
    # Nobody needs an account to say no.
    address = request.META.get("REMOTE_ADDR") or None
    actor = Actor(invitation.invitee[:150], address, None)
    if isinstance(request.user, User):
        actor = Actor.of_request(request)
    try:
        invitation_operations.decline_invitation(
            actor, invitation.organization, invitation.public_id, by_link=True
        )
    except Invalid as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"You have declined to join {invitation.organization.name}.")
    return redirect("home")


@require_safe
@personal_page
def my_invitations(request: SignedInRequest) -> HttpResponse:
    context = {"invitations": invitation_queries.waiting_for(request.user)}
    return render(request, "orgs/my_invitations.html", context)


@require_POST
@personal_page
def accept_invitation(request: SignedInRequest, public_id: str) -> HttpResponse:
    invitation = _mine(request, public_id)
    organization = invitation.organization
    try:
        invitation_operations.accept_invitation(Actor.of_request(request), organization, public_id)
    except Invalid as error:
        messages.error(request, str(error))
        return redirect("my_invitations")
    messages.success(request, f"You are a member of {organization.name} now.")
    return redirect("overview", organization.name)


@require_POST
@personal_page
def decline_invitation(request: SignedInRequest, public_id: str) -> HttpResponse:
    invitation = _mine(request, public_id)
    try:
        invitation_operations.decline_invitation(
            Actor.of_request(request), invitation.organization, public_id
        )
    except Invalid as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"You have declined to join {invitation.organization.name}.")
    return redirect("my_invitations")


def _mine(request: SignedInRequest, public_id: str) -> Invitation:
    invitation = invitation_queries.received_invitation(request.user, public_id)
    if invitation is None:
        raise Http404("You have no such invitation waiting.")
    return invitation


def _standing(request: HttpRequest, invitation: Invitation) -> dict[str, Any]:
    """What whoever holds the link can do with the invitation."""
    if isinstance(request.user, User):
        return {"is_mine": invitation_queries.is_invitee(invitation, request.user)}
    # The link proves that the address is theirs, so they may know.
    new = bool(invitation.email) and not invitation_queries.has_account(invitation.email)
    return {"may_sign_up": new}
