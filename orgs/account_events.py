"""What django-allauth changes by itself, brought to our operations.

Told by the rows, not by the package's own signals: those come after the commit, and a change and
its line in the log belong together (P4).
"""

from typing import Any

from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

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


def _actor(owner: User) -> Actor:
    """Who changes something about an account: its owner also before they have signed in, as when
    an identity provider has just told who they are; without a request, site staff."""
    request = context.request
    if request is None:
        return Actor.site_staff()
    if isinstance(request.user, User):
        return Actor.of_request(request)
    return Actor(owner.username, request.META.get("REMOTE_ADDR") or None, owner)
