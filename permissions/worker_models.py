"""What the workers tell of themselves, for people who want to know where a change is in force."""

from django.db import models
from django.db.models.functions import Now


class WorkerReport(models.Model):
    """Up to where one process has taken in what was changed, as it last said.

    `token` and `server` are those of its `Position`. No decision is made from these rows.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    token = models.TextField()
    server = models.TextField()
    seen_at = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        ordering = ["host", "pid", "pk"]

    def __str__(self) -> str:
        return f"{self.host} ({self.pid})"
