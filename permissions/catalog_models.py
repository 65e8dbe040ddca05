"""Where the catalogue came from, and what became of each try to renew it."""

from django.db import models
from django.db.models import Q


class CatalogSync(models.Model):
    """One try to replace the catalogue, by a feed or by hand.

    The newest one that replaced it or found it unchanged says what the stored catalogue is.
    """

    class Outcome(models.TextChoices):
        RUNNING = "running", "Running"
        REPLACED = "replaced", "Replaced"
        UNCHANGED = "unchanged", "Unchanged"
        HELD = "held", "Held for a person"
        SUPERSEDED = "superseded", "Held, and superseded by a later one"
        FAILED = "failed", "Failed"

    # As people may see it: never a user, password or query of an address.
    source = models.CharField(max_length=500)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.RUNNING)
    sentence = models.TextField(blank=True)
    # The moment of which the catalogue is: when its source last confirmed it, or its own date.
    as_of = models.DateTimeField(null=True, blank=True)
    added = models.PositiveIntegerField(default=0)
    removed = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    # By a hash of each address: its ETag and Last-Modified.
    validators = models.JSONField(default=dict, blank=True)
    # What a person would accept: the entries as they were read, as a catalogue document's.
    held_entries = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    outcome__in=["running", "replaced", "unchanged", "held", "superseded", "failed"]
                ),
                name="permissions_catalog_sync_outcome",
            ),
            models.CheckConstraint(
                condition=Q(outcome="running", finished_at=None)
                | ~Q(outcome="running") & Q(finished_at__isnull=False) & ~Q(sentence=""),
                name="permissions_catalog_sync_finished",
            ),
            models.CheckConstraint(
                condition=Q(outcome="held", held_entries__isnull=False)
                | ~Q(outcome="held") & Q(held_entries=None),
                name="permissions_catalog_sync_held_entries",
            ),
            models.CheckConstraint(
                condition=~Q(outcome__in=["replaced", "unchanged"]) | Q(as_of__isnull=False),
                name="permissions_catalog_sync_as_of",
            ),
            models.UniqueConstraint(
                fields=["outcome"],
                condition=Q(outcome="running"),
                name="permissions_catalog_sync_one_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["outcome"],
                condition=Q(outcome="held"),
                name="permissions_catalog_sync_one_held",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.outcome}"
