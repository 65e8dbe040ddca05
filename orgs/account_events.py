"""What django-allauth changes by itself, brought to our operations.

Where the package's own signals come after the commit we are told by the rows: a change and its line
in the log belong together (P4). What it says of addresses comes within the page's transaction.
"""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.signals import email_added, email_changed, email_confirmed, email_removed
from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.http import HttpRequest

from orgs import account_operations
from orgs.actor import Actor
from orgs.models import User


@receiver(post_save, sender=Authenticator)
def _saved(instance: Authenticator, created: bool, **rest: Any) -> None:
    if not created:
        return  # used, or renamed
    if instance.type == Authenticator.Type.RECOVERY_CODES:
        account_operations.recovery_codes_made(_actor(instance.user), instance.user)
    else:
        account_operations.second_factor_added(_actor(instance.user), instance.user, instance.type)


@receiver(post_delete, sender=Authenticator)
def _deleted(instance: Authenticator, **rest: Any) -> None:
    if instance.type != Authenticator.Type.RECOVERY_CODES:
        account_operations.second_factor_removed(
            _actor(instance.user), instance.user, instance.type
        )


@receiver(post_save, sender=SocialAccount)
def _connected(instance: SocialAccount, created: bool, **rest: Any) -> None:
    if created:
        account_operations.account_connected(
            _actor(instance.user), instance.user, instance.provider
        )


@receiver(post_delete, sender=SocialAccount)
def _disconnected(instance: SocialAccount, **rest: Any) -> None:
    account_operations.account_disconnected(_actor(instance.user), instance.user, instance.provider)


@receiver(user_logged_in)
def _signed_in(request: HttpRequest, user: User, **rest: Any) -> None:
    actor = Actor(user.username, request.META.get("REMOTE_ADDR") or None, user)
    account_operations.signed_in(actor, user, request.META.get("HTTP_USER_AGENT", ""))


@receiver(email_added)
def _email_added(user: User, email_address: EmailAddress, **rest: Any) -> None:
    account_operations.email_changed(_actor(user), user, "added", "", email_address.email)


@receiver(email_confirmed)
def _email_verified(email_address: EmailAddress, **rest: Any) -> None:
    user = email_address.user
    account_operations.email_changed(_actor(user), user, "verified", "", email_address.email)


@receiver(email_changed)
def _primary_email_changed(
    user: User,
    from_email_address: EmailAddress | None,
    to_email_address: EmailAddress,
    **rest: Any,
) -> None:
    before = from_email_address.email if from_email_address else ""
    account_operations.email_changed(
        _actor(user), user, "made_primary", before, to_email_address.email
    )


@receiver(email_removed)
def _email_removed(user: User, email_address: EmailAddress, **rest: Any) -> None:
    account_operations.email_changed(_actor(user), user, "removed", email_address.email, "")


def _actor(owner: User) -> Actor:
    """Who changes something about an account: its owner also before they have signed in, as when
    an identity provider has just told who they are; without a request, site staff."""
    request = context.request
    if request is None:
        return Actor.site_staff()
    if isinstance(request.user, User):
        return Actor.of_request(request)
    return Actor(owner.username, request.META.get("REMOTE_ADDR") or None, owner)
