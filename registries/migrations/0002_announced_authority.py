from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("registries", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="AnnouncedAuthority",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False),
                ),
                ("certificate", models.BinaryField()),
                ("announced_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id", 1)),
                        name="registries_announced_authority_one_row",
                    )
                ],
            },
        ),
    ]
