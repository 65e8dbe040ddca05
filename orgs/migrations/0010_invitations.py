import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orgs", "0009_last_seen"),
    ]

    operations = [
        migrations.CreateModel(
            name="Invitation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.CharField(max_length=40, unique=True)),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("email", models.EmailField(blank=True, max_length=254)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("accepted", "Accepted"),
                            ("declined", "Declined"),
                            ("revoked", "Revoked"),
                            ("expired", "Expired"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("invited_by", models.CharField(max_length=30)),
                ("settled_by", models.CharField(blank=True, max_length=30)),
                ("created_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="invitations",
                        to="orgs.organization",
                    ),
                ),
                ("teams", models.ManyToManyField(blank=True, related_name="+", to="orgs.team")),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="invitations",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-sent_at", "-pk"],
                "indexes": [
                    models.Index(
                        fields=["organization", "-sent_at"], name="orgs_invitation_newest"
                    ),
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["email"],
                        name="orgs_invitation_of_address",
                    ),
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["expires_at"],
                        name="orgs_invitation_due",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("email", ""), ("user__isnull", False)),
                            models.Q(("user", None), models.Q(("email", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="orgs_invitation_of_one",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("email", django.db.models.functions.text.Lower("email"))
                        ),
                        name="orgs_invitation_email_lower_case",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("state", "waiting"), models.Q(("email", ""), _negated=True)
                        ),
                        fields=("organization", "email"),
                        name="orgs_invitation_once_per_address",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "waiting")),
                        fields=("organization", "user"),
                        name="orgs_invitation_once_per_user",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("settled_at", None), ("state", "waiting")),
                            models.Q(
                                ("settled_at__isnull", False),
                                ("state__in", ["accepted", "declined", "revoked", "expired"]),
                            ),
                            _connector="OR",
                        ),
                        name="orgs_invitation_settled_or_waiting",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("expires_at__gt", models.F("sent_at")),
                            ("sent_at__gte", models.F("created_at")),
                        ),
                        name="orgs_invitation_expires_later",
                    ),
                ],
            },
        ),
    ]
