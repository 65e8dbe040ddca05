from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orgs", "0010_invitations"),
    ]

    operations = [
        migrations.AddField(
            model_name="organization",
            name="requires_second_factor",
            field=models.BooleanField(default=False),
        ),
    ]
