"""Invitations into an organization, waiting and settled."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django_scopes import ScopedManager

from orgs.models import Organization, Team, User
from orgs.names import NAME_MAX_LENGTH


class Invitation(models.Model):
    """That somebody may become a member: a user, or whoever has an e-mail address.

    The link in the e-mail holds a secret, of which only a keyed hash is kept; sending it again
    makes another one. Settled ones are kept for a while, so that owners see what became of them.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        ACCEPTED = "accepted", "Accepted"
        DECLINED = "declined", "Declined"
        REVOKED = "revoked", "Revoked"
        EXPIRED = "expired", "Expired"

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="invitations")
    public_id = models.CharField(max_length=40, unique=True)
    digest = models.CharField(max_length=64, unique=True)
    email = models.EmailField(blank=True)
    user = models.ForeignKey(
        User, models.CASCADE, null=True, blank=True, related_name="invitations"
    )
    # A team of another organization could not be joined: see TeamMembership.
    teams = models.ManyToManyField(Team, related_name="+", blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    # Names, as in the audit log: they outlive whoever bore them.
    invited_by = models.CharField(max_length=NAME_MAX_LENGTH)
    settled_by = models.CharField(max_length=NAME_MAX_LENGTH, blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager["Invitation"]] = ScopedManager(organization="organization")

    class Meta:
        ordering = ["-sent_at", "-pk"]
        indexes = [
            models.Index(fields=["organization", "-sent_at"], name="orgs_invitation_newest"),
            models.Index(
                fields=["email"], name="orgs_invitation_of_address", condition=Q(state="waiting")
            ),
            models.Index(
                fields=["expires_at"], name="orgs_invitation_due", condition=Q(state="waiting")
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(email="", user__isnull=False) | Q(user=None) & ~Q(email=""),
                name="orgs_invitation_of_one",
            ),
            models.CheckConstraint(
                condition=Q(email=Lower("email")), name="orgs_invitation_email_lower_case"
            ),
            models.UniqueConstraint(
                fields=["organization", "email"],
                condition=Q(state="waiting") & ~Q(email=""),
                name="orgs_invitation_once_per_address",
            ),
            models.UniqueConstraint(
                fields=["organization", "user"],
                condition=Q(state="waiting"),
                name="orgs_invitation_once_per_user",
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", settled_at=None)
                | Q(
                    state__in=["accepted", "declined", "revoked", "expired"],
                    settled_at__isnull=False,
                ),
                name="orgs_invitation_settled_or_waiting",
            ),
            models.CheckConstraint(
                condition=Q(sent_at__gte=F("created_at"), expires_at__gt=F("sent_at")),
                name="orgs_invitation_expires_later",
            ),
        ]

    def __str__(self) -> str:
        return self.invitee

    @property
    def invitee(self) -> str:
        """The user name or the e-mail address that it was sent to."""
        return self.user.username if self.user else self.email

    @property
    def invites_owner(self) -> bool:
        """Whether accepting it makes an owner."""
        return any(team.is_owners for team in self.teams.all())

    @property
    def is_waiting(self) -> bool:
        """Whether it can be accepted. A task notes later that its time has come."""
        return self.state == self.State.WAITING and self.expires_at > timezone.now()
