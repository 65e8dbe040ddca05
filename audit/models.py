"""What happened: the append-only log of changes, and the pull log.

Organizations are known here by their number alone, so that the log outlives them.
"""

from django.db import models
from django.db.models import Q

SITE = 0
"""The number under which changes to the site itself (users, the catalogue) are logged."""

UNDECIDED = 0
"""The number under which pulls are logged that no organization decided."""

SUBJECT_LENGTH = 100
IMAGE_LENGTH = 800
REPOSITORY_LENGTH = 520
CLIENT_LENGTH = 200


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
        indexes = [
            models.Index(
                fields=["organization_id", "actor", "-sequence"], name="audit_entry_of_actor"
            ),
            models.Index(
                fields=["organization_id", "action", "-sequence"], name="audit_entry_of_action"
            ),
            models.Index(fields=["organization_id", "at"], name="audit_entry_at"),
            # What was done to an account stands in the site's own log.
            models.Index(
                fields=["target", "-sequence"],
                name="audit_entry_of_target",
                condition=Q(organization_id=SITE),
            ),
        ]
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


class PullLogEntry(models.Model):
    """One decision of one organization about one image, kept for a set time.

    Subject and registry are names, so that the entry outlives them. `own_rule` (0: none) is the
    number of the organization's own rule that matched. `would_have` (empty: nothing) is the rule
    that would have denied, in mode monitor. `key` is the same however often one and the same
    thing is written, so that it counts once.
    """

    key = models.UUIDField(unique=True)
    at = models.DateTimeField()
    organization_id = models.PositiveBigIntegerField()
    subject_kind = models.CharField(max_length=10)
    subject_id = models.CharField(max_length=SUBJECT_LENGTH)
    action = models.CharField(max_length=40)
    image = models.CharField(max_length=IMAGE_LENGTH)
    repository = models.CharField(max_length=REPOSITORY_LENGTH, blank=True)
    category = models.CharField(max_length=20, blank=True)
    rule = models.CharField(max_length=40)
    own_rule = models.PositiveBigIntegerField(default=0)
    would_have = models.CharField(max_length=40, blank=True)
    allowed = models.BooleanField()
    policy_version = models.PositiveBigIntegerField(null=True)
    protocol = models.CharField(max_length=20)
    registry = models.CharField(max_length=40, blank=True)
    client = models.CharField(max_length=CLIENT_LENGTH, blank=True)
    address = models.GenericIPAddressField(null=True)
    request_id = models.CharField(max_length=128, blank=True)

    class Meta:
        ordering = ["-id"]
        # In order of arrival, which is that of time but for the moments a batch waits.
        indexes = [
            # To find where in that order a day begins.
            models.Index(fields=["organization_id", "at"], name="audit_pull_at"),
            models.Index(fields=["organization_id", "-id"], name="audit_pull_newest"),
            models.Index(
                fields=["organization_id", "-id"],
                name="audit_pull_refused",
                condition=Q(allowed=False),
            ),
            models.Index(
                fields=["organization_id", "subject_id", "-id"], name="audit_pull_of_subject"
            ),
            models.Index(
                fields=["organization_id", "repository", "-id"],
                name="audit_pull_of_repository",
                # So that PostgreSQL finds by how a name begins, whatever the collation.
                opclasses=["int8_ops", "varchar_pattern_ops", "int8_ops"],
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(organization_id=UNDECIDED) | Q(policy_version__isnull=False),
                name="audit_pull_decided_from_a_version",
            ),
            models.CheckConstraint(
                condition=~Q(subject_kind="anonymous"), name="audit_pull_by_somebody"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject_id} {self.action} {self.image}: {self.rule}"


DAILY_KEY = (
    "organization_id",
    "date",
    "repository",
    "subject_kind",
    "subject_id",
    "action",
    "category",
    "rule",
    "own_rule",
    "would_have",
    "allowed",
)
"""What tells one daily count from another."""


class DailyPulls(models.Model):
    """How often one day (UTC) one thing was decided in one way; kept longer than the entries.

    Empty fields say *none*, because in a unique key NULLs would count as different. What no
    organization decided is counted without subject and repository: both could be anything.
    """

    organization_id = models.PositiveBigIntegerField()
    date = models.DateField()
    subject_kind = models.CharField(max_length=10)
    subject_id = models.CharField(max_length=SUBJECT_LENGTH, blank=True)
    action = models.CharField(max_length=40)
    repository = models.CharField(max_length=REPOSITORY_LENGTH, blank=True)
    category = models.CharField(max_length=20, blank=True)
    rule = models.CharField(max_length=40)
    own_rule = models.PositiveBigIntegerField(default=0)
    would_have = models.CharField(max_length=40, blank=True)
    allowed = models.BooleanField()
    count = models.PositiveBigIntegerField()

    class Meta:
        verbose_name_plural = "daily pulls"
        indexes = [
            models.Index(fields=["date"], name="audit_daily_pulls_date"),
            # Few of the counts are of either kind, and each page asks only for them.
            models.Index(
                fields=["organization_id", "date"],
                name="audit_daily_pulls_monitored",
                condition=~Q(would_have=""),
            ),
            models.Index(
                fields=["organization_id", "own_rule", "date"],
                name="audit_daily_pulls_own_rule",
                condition=Q(own_rule__gt=0),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=DAILY_KEY,
                name="audit_daily_pulls_unique",
            ),
            models.CheckConstraint(condition=Q(count__gte=1), name="audit_daily_pulls_from_1"),
            models.CheckConstraint(
                condition=~Q(organization_id=UNDECIDED) | Q(subject_id="", repository=""),
                name="audit_daily_pulls_undecided_by_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.repository} {self.rule}: {self.count}"


class SummedPulls(models.Model):
    """How an organization's pulls of some days (UTC) were decided, added up and packed.

    `until` is the first day that is not among them. Nothing is packed before they are added up,
    nor once a pull of these days is counted that is not among them.
    """

    organization_id = models.PositiveBigIntegerField()
    since = models.DateField()
    until = models.DateField()
    packed = models.BinaryField(null=True)

    class Meta:
        verbose_name_plural = "summed pulls"
        ordering = ["organization_id", "since"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "since"], name="audit_summed_pulls_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.organization_id} from {self.since} until {self.until}"
