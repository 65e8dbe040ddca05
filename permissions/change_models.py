"""What was changed, for workers that hold facts in memory."""

from django.db import models
from django.db.models.functions import Now


class Change(models.Model):
    """That something was written which decisions are made from.

    Triggers write these rows (`permissions.triggers`), in the transaction of what they tell of, so
    that no way of writing gets around them. `keys` are the tags of the facts that are out of date,
    separated by spaces. `transaction` is PostgreSQL's number of the transaction, by which a reader
    tells what it hasn't seen, whatever the order in which transactions commit.
    """

    transaction = models.PositiveBigIntegerField(db_index=True)
    keys = models.TextField()
    at = models.DateTimeField(db_default=Now(), db_index=True)
    # Whose policy was written; and, where it has got another version, which.
    organization_id = models.PositiveBigIntegerField(null=True)
    version = models.PositiveBigIntegerField(null=True)

    class Meta:
        ordering = ["pk"]
        indexes = [
            models.Index(
                fields=["organization_id"],
                condition=models.Q(organization_id__isnull=False),
                name="permissions_change_of",
            )
        ]

    def __str__(self) -> str:
        return self.keys
