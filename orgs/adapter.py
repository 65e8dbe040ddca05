"""How django-allauth meets this site."""

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.forms import BaseForm
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse

from orgs.actor import Actor
from orgs.invited_visits import may_sign_up
from orgs.letters import with_html
from orgs.models import NAME_TAKEN, User
from orgs.operations import change_own_password
from orgs.queries import name_is_taken, organizations_of
from orgs.transactions import record_change

# One sentence for both: it must not tell whether there is such an account.
WRONG_CREDENTIALS = "Wrong user name, e-mail address or password."


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": WRONG_CREDENTIALS,
        "username_password_mismatch": WRONG_CREDENTIALS,
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return may_sign_up(request)

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        """Where whoever has just signed up goes on: by an invitation they are members already."""
        joined = organizations_of(request.user).first() if isinstance(request.user, User) else None
        if joined is None:
            return str(super().get_signup_redirect_url(request))
        return reverse("overview", args=[joined.name])

    def clean_username(self, username: str, shallow: bool = False) -> str:
        cleaned: str = super().clean_username(username, shallow)
        # Of an organization, or of somebody from before.
        if not shallow and name_is_taken(cleaned):
            raise ValidationError(NAME_TAKEN)
        return cleaned

    def save_user(
        self, request: HttpRequest, user: User, form: BaseForm, commit: bool = True
    ) -> User:
        """Store whoever signs up, and log it with them."""
        if not commit:
            filled: User = super().save_user(request, user, form, commit=False)
            return filled
        try:
            with transaction.atomic():
                super().save_user(request, user, form)
                address = request.META.get("REMOTE_ADDR") or None
                actor = Actor(user.username, address, user)
                record_change(
                    actor, None, "user.signed_up", user.username, after={"email": user.email}
                )
        except IntegrityError as error:
            # Somebody was quicker, between the look at the name or address and the writing.
            messages.error(request, f"{NAME_TAKEN} Choose another.")
            raise ImmediateHttpResponse(redirect("account_signup")) from error
        return user

    def render_mail(
        self, template_prefix: str, email: Any, context: dict[str, Any], headers: Any = None
    ) -> EmailMessage:
        return with_html(super().render_mail(template_prefix, email, context, headers))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send an e-mail whose links lead to this site, whatever host the request named."""
        links = {
            name: settings.SITE_URL + urlsplit(link).path
            for name, link in context.items()
            if name.endswith("_url")
        }
        super().send_mail(template_prefix, email, {**context, **links, "site": settings.SITE_URL})

    def set_password(self, user: User, password: str) -> None:
        """Keep a password that somebody chose, and that they did in the audit log."""
        address = self.request.META.get("REMOTE_ADDR") or None if self.request else None
        change_own_password(Actor(user.username, address, user), user, password)

    def get_client_ip(self, request: HttpRequest) -> str:
        # Resolved already, for everybody, by audit.client_address. A session is kept with an
        # address, even of a client whose address nobody knows.
        return request.META.get("REMOTE_ADDR") or "::"
