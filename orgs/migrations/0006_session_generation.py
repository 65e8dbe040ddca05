from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orgs", "0005_email_lower_case")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="session_generation",
            field=models.PositiveIntegerField(default=0),
        ),
    ]
