"""What happened: the append-only log of changes.

Organizations are known here by their number alone, so that the log outlives them.
"""

from django.db import models
from django.db.models import Q

SITE = 0
"""The number under which changes to the site itself (users, the catalogue) are logged."""


class AuditEntry(models.Model):
    """One change. Triggers in the database refuse to update or delete a row."""

    organization_id = models.PositiveBigIntegerField()
    sequence = models.PositiveBigIntegerField()
    at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    action = models.CharField(max_length=60)
    target = models.CharField(max_length=300, blank=True)
    before = models.JSONField()
    after = models.JSONField()
    address = models.GenericIPAddressField(null=True)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["organization_id", "-sequence"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "sequence"], name="audit_entry_sequence_unique"
            ),
            models.CheckConstraint(
                condition=Q(sequence__gte=1), name="audit_entry_sequence_from_1"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization_id}/{self.sequence} {self.action} by {self.actor}"


class AuditChain(models.Model):
    """The newest link of an organization's log: the row that writers of the log queue for."""

    organization_id = models.PositiveBigIntegerField(primary_key=True)
    sequence = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="0" * 64)

    def __str__(self) -> str:
        return f"{self.organization_id} at {self.sequence}"
