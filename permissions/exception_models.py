"""What members ask owners for: to be let through what a restriction refused them."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from orgs.models import Organization, User
from orgs.names import NAME_MAX_LENGTH
from permissions.core.own_rules import MAX_REASON_LENGTH, MAX_TARGET_LENGTH
from permissions.own_rule_models import OwnRule


class ExceptionRequest(models.Model):
    """That a member asks for an exception for a repository; kept when it is settled.

    `rule` is what refused it when they asked, `own_rule` the exception that came of it.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Waiting for an owner"
        ALLOWED = "allowed", "Allowed"
        DECLINED = "declined", "Declined"
        WITHDRAWN = "withdrawn", "Withdrawn"

    organization = models.ForeignKey(
        Organization, models.CASCADE, related_name="exception_requests"
    )
    user = models.ForeignKey(User, models.CASCADE, related_name="exception_requests")
    # As permissions.core writes it, like the target of a rule.
    target = models.CharField(max_length=MAX_TARGET_LENGTH)
    rule = models.CharField(max_length=40)
    word = models.CharField(max_length=MAX_REASON_LENGTH, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    asked_at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    # A name, as in the audit log: it outlives whoever bore it.
    settled_by = models.CharField(max_length=NAME_MAX_LENGTH, blank=True)
    answer = models.CharField(max_length=MAX_REASON_LENGTH, blank=True)
    own_rule = models.ForeignKey(
        OwnRule, models.SET_NULL, null=True, blank=True, related_name="exception_requests"
    )

    objects: ClassVar[models.Manager["ExceptionRequest"]] = ScopedManager(
        organization="organization"
    )

    class Meta:
        ordering = ["-asked_at", "-pk"]
        indexes = [
            models.Index(
                fields=["organization", "state", "-asked_at"], name="permissions_exception_state"
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "user", "target"],
                condition=Q(state="pending"),
                name="permissions_exception_request_once",
            ),
            models.CheckConstraint(
                condition=Q(state="pending", settled_at=None, settled_by="")
                | Q(state__in=["allowed", "declined", "withdrawn"], settled_at__isnull=False)
                & ~Q(settled_by=""),
                name="permissions_exception_request_settled_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(own_rule=None) | Q(state="allowed"),
                name="permissions_exception_request_rule_if_allowed",
            ),
            models.CheckConstraint(
                condition=Q(answer="") | Q(state__in=["allowed", "declined"]),
                name="permissions_exception_request_answer_if_answered",
            ),
        ]

    def __str__(self) -> str:
        return self.target

    @property
    def is_pending(self) -> bool:
        return self.state == self.State.PENDING
