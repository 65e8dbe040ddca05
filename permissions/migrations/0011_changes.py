import django.db.models.functions.datetime
from django.db import migrations, models

from permissions.triggers import remove


def without_triggers(apps, editor):
    remove(editor.connection)


class Migration(migrations.Migration):
    """The triggers that write into it are made after each migration, by `permissions.triggers`."""

    dependencies = [("permissions", "0010_exception_requests")]

    operations = [
        migrations.CreateModel(
            name="Change",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("transaction", models.PositiveBigIntegerField(db_index=True)),
                ("keys", models.TextField()),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), db_index=True
                    ),
                ),
                ("organization_id", models.PositiveBigIntegerField(null=True)),
                ("version", models.PositiveBigIntegerField(null=True)),
            ],
            options={
                "ordering": ["pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("organization_id__isnull", False)),
                        fields=["organization_id"],
                        name="permissions_change_of",
                    )
                ],
            },
        ),
        migrations.RunPython(migrations.RunPython.noop, without_triggers),
    ]
