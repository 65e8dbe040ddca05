"""An organization's own rules, in force and past."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django_scopes import ScopedManager

from orgs.models import Organization, Team, User
from orgs.names import NAME_MAX_LENGTH
from permissions.core.own_rules import MAX_REASON_LENGTH, MAX_TARGET_LENGTH

SOON = timedelta(days=3)


class OwnRule(models.Model):
    """A block or an exception of an organization (D7); kept after it has ended, for the record.

    Without team and user it is for everyone. The target is as `permissions.core` writes it.
    `former_team` names the team that a past rule was for, where that has been deleted since.
    """

    class Effect(models.TextChoices):
        BLOCK = "block", "Block"
        EXCEPTION = "exception", "Exception"

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="own_rules")
    effect = models.CharField(max_length=10, choices=Effect.choices)
    target = models.CharField(max_length=MAX_TARGET_LENGTH)
    # Never deleted with its team alone: that would let through what a block refuses.
    team = models.ForeignKey(Team, models.RESTRICT, null=True, blank=True, related_name="own_rules")
    former_team = models.CharField(max_length=NAME_MAX_LENGTH, blank=True)
    user = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="own_rules")
    reason = models.CharField(max_length=MAX_REASON_LENGTH, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # Names, as in the audit log: they outlive whoever bore them.
    created_by = models.CharField(max_length=NAME_MAX_LENGTH)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=NAME_MAX_LENGTH, blank=True)

    pulls: int  # how many it decided lately, from own_rule_queries.with_effects

    objects: ClassVar[models.Manager["OwnRule"]] = ScopedManager(organization="organization")

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(effect__in=["block", "exception"]), name="permissions_own_rule_effect"
            ),
            models.CheckConstraint(
                condition=Q(team=None) | Q(user=None), name="permissions_own_rule_one_audience"
            ),
            models.CheckConstraint(
                condition=~Q(
                    effect="exception", target="community", team=None, user=None, former_team=""
                ),
                name="permissions_own_rule_community_not_for_everyone",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by="")
                | Q(ended_at__isnull=False) & ~Q(ended_by=""),
                name="permissions_own_rule_ended_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(former_team="") | Q(team=None, user=None, ended_at__isnull=False),
                name="permissions_own_rule_past_without_its_team",
            ),
            models.UniqueConstraint(
                "organization",
                "effect",
                "target",
                Coalesce("team", 0),
                Coalesce("user", 0),
                condition=Q(ended_at=None),
                name="permissions_own_rule_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.effect} {self.target}"

    @property
    def end(self) -> datetime | None:
        """When the rule has ended, or will by itself; None while nothing says so."""
        ends = [moment for moment in (self.ended_at, self.ends_at) if moment]
        return min(ends, default=None)

    @property
    def has_ended(self) -> bool:
        return self.end is not None and self.end <= timezone.now()

    @property
    def ends_soon(self) -> bool:
        """Whether it is in force and has at most three days left."""
        return self.end is not None and timezone.now() < self.end <= timezone.now() + SOON
