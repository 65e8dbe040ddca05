from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("permissions", "0006_own_rules")]

    operations = [
        migrations.CreateModel(
            name="CatalogSync",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("source", models.CharField(max_length=500)),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("replaced", "Replaced"),
                            ("unchanged", "Unchanged"),
                            ("held", "Held for a person"),
                            ("superseded", "Held, and superseded by a later one"),
                            ("failed", "Failed"),
                        ],
                        default="running",
                        max_length=10,
                    ),
                ),
                ("sentence", models.TextField(blank=True)),
                ("as_of", models.DateTimeField(blank=True, null=True)),
                ("added", models.PositiveIntegerField(default=0)),
                ("removed", models.PositiveIntegerField(default=0)),
                ("changed", models.PositiveIntegerField(default=0)),
                ("validators", models.JSONField(blank=True, default=dict)),
                ("held_entries", models.JSONField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(
                            outcome__in=[
                                "running",
                                "replaced",
                                "unchanged",
                                "held",
                                "superseded",
                                "failed",
                            ]
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
                        condition=~Q(outcome__in=["replaced", "unchanged"])
                        | Q(as_of__isnull=False),
                        name="permissions_catalog_sync_as_of",
                    ),
                    models.UniqueConstraint(
                        condition=Q(outcome="running"),
                        fields=("outcome",),
                        name="permissions_catalog_sync_one_at_a_time",
                    ),
                    models.UniqueConstraint(
                        condition=Q(outcome="held"),
                        fields=("outcome",),
                        name="permissions_catalog_sync_one_held",
                    ),
                ],
            },
        ),
    ]
