"""Signing up, by an invitation or on a site that is open: django-allauth's forms, with our ways."""

from typing import Any

from allauth.account import forms as account_forms
from allauth.account.adapter import get_adapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount import forms as social_forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import redirect

from orgs.actor import Actor, Invalid
from orgs.invitation_models import Invitation
from orgs.invitation_operations import accept_invitation
from orgs.invited_visits import forget_invitation, invitation_of_visit
from orgs.models import User


class _ByInvitation(account_forms.BaseSignupForm):
    """By an invitation, the address is the one that it was sent to, and counts as verified: only
    who reads its e-mail has the link. The new account is a member at once, or there is none: so an
    invitation makes one account, also of several that are asked for in the same moment."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invitation = invitation_of_visit(context.request)
        if self.invitation is not None:
            # Whatever a link to this page or a provider says; a disabled field takes nothing from
            # the browser.
            self.initial["email"] = self.invitation.email
            self.fields["email"].disabled = True

    def save(self, request: HttpRequest) -> User:
        if self.invitation is None:
            return self._save(request)
        adapter = get_adapter()
        adapter.stash_verified_email(request, self.invitation.email)
        try:
            with transaction.atomic():
                user = self._save(request)
                _accept(request, user, self.invitation)
        except Invalid as error:
            messages.error(request, str(error))
            raise ImmediateHttpResponse(redirect("account_signup")) from error
        finally:
            adapter.unstash_verified_email(request)
        forget_invitation(request)
        messages.success(request, f"You are a member of {self.invitation.organization.name} now.")
        return user

    def _save(self, request: HttpRequest) -> User:
        user: User = super().save(request)
        return user


class SignUpForm(_ByInvitation, account_forms.SignupForm):
    """With a password."""


class ProvidersSignUpForm(_ByInvitation, social_forms.SignupForm):
    """With what an identity provider has said."""


def _accept(request: HttpRequest, user: User, invitation: Invitation) -> None:
    actor = Actor(user.username, request.META.get("REMOTE_ADDR") or None, user)
    accept_invitation(actor, invitation.organization, invitation.public_id)
