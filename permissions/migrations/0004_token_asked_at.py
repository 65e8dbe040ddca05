from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("permissions", "0003_service_names")]

    operations = [
        migrations.AddField(
            model_name="connectedregistry",
            name="token_asked_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
