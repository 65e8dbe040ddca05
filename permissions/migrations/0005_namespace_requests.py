import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q
from django.db.models.functions import Coalesce


class Migration(migrations.Migration):
    dependencies = [
        ("orgs", "0003_owners_and_tenants"),
        ("permissions", "0004_token_asked_at"),
    ]

    operations = [
        migrations.CreateModel(
            name="NamespaceRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("path", models.CharField(max_length=255)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting for site staff"),
                            ("approved", "Approved"),
                            ("declined", "Declined"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=300)),
                ("asked_by", models.CharField(max_length=30)),
                ("asked_at", models.DateTimeField(auto_now_add=True)),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                ("reason", models.CharField(blank=True, max_length=300)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="namespace_requests",
                        to="orgs.organization",
                    ),
                ),
                (
                    "registry",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="namespace_requests",
                        to="permissions.connectedregistry",
                    ),
                ),
            ],
            options={
                "ordering": ["-asked_at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        F("organization"),
                        Coalesce("registry", 0),
                        F("path"),
                        condition=Q(state="pending"),
                        name="permissions_namespace_request_once",
                    ),
                    models.CheckConstraint(
                        condition=Q(state="pending", settled_at=None)
                        | Q(
                            state__in=["approved", "declined", "withdrawn"],
                            settled_at__isnull=False,
                        ),
                        name="permissions_namespace_request_state",
                    ),
                    models.CheckConstraint(
                        condition=Q(reason="") | Q(state="declined"),
                        name="permissions_namespace_request_reason_if_declined",
                    ),
                ],
            },
        ),
    ]
