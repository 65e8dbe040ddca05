"""Signing up, by an invitation or on a site that is open: django-allauth's form, with our ways."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import SignupForm
from allauth.core import context
from django.contrib import messages
from django.http import HttpRequest

from orgs.actor import Actor, Invalid
from orgs.invitation_models import Invitation
from orgs.invitation_operations import accept_invitation
from orgs.invited_visits import forget_invitation, invitation_of_visit
from orgs.models import User


class SignUpForm(SignupForm):
    """By an invitation, the address is the one that it was sent to, and counts as verified: only
    who reads its e-mail has the link. The new account is a member at once."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invitation = invitation_of_visit(context.request)
        if self.invitation is not None:
            # Whatever a link to this page says; a disabled field takes nothing from the browser.
            self.initial["email"] = self.invitation.email
            self.fields["email"].disabled = True

    def save(self, request: HttpRequest) -> User:
        if self.invitation is not None:
            get_adapter().stash_verified_email(request, self.invitation.email)
        user: User = super().save(request)
        if self.invitation is not None:
            forget_invitation(request)
            _join(request, user, self.invitation)
        return user


def _join(request: HttpRequest, user: User, invitation: Invitation) -> None:
    actor = Actor(user.username, request.META.get("REMOTE_ADDR") or None, user)
    try:
        accept_invitation(actor, invitation.organization, invitation.public_id)
    except Invalid as error:
        messages.error(request, str(error))  # revoked while they typed: the account is theirs
    else:
        messages.success(request, f"You are a member of {invitation.organization.name} now.")
