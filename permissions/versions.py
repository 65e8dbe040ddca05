"""The numbers that tell one state of the rules from the next."""

from collections.abc import Iterable
from typing import Any

from django.db.models import F
from django_scopes import scopes_disabled

from orgs.models import Organization
from permissions.models import ImageAccessPolicy, SiteVersion


def bump(*, organizations: Iterable[Organization], **_: Any) -> None:
    """Raise each organization's policy version by one, in the caller's transaction.

    Receives `orgs.events.changed`. A new organization gets its policy here: disabled, with both
    categories allowed (P2).
    """
    with scopes_disabled():
        for organization in organizations:
            policies = ImageAccessPolicy.objects.filter(organization=organization)
            if not policies.update(version=F("version") + 1):
                ImageAccessPolicy.objects.create(organization=organization)


def bump_site() -> None:
    """Raise the version of what all organizations share, in the caller's transaction."""
    SiteVersion.objects.get_or_create(pk=1)
    SiteVersion.objects.filter(pk=1).update(version=F("version") + 1)


def lock_site() -> None:
    """Make whoever changes what organizations share queue until this transaction ends."""
    SiteVersion.objects.get_or_create(pk=1)
    SiteVersion.objects.select_for_update().get(pk=1)
