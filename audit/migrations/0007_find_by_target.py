from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0006_daily_pulls_by_own_rule"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(
                fields=["target", "-sequence"],
                name="audit_entry_of_target",
                condition=models.Q(organization_id=0),
            ),
        ),
    ]
