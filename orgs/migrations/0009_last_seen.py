"""When people were last seen: as far as is known, when they last signed in."""

from typing import Any

from django.db import migrations, models


def take_last_sign_in(apps: Any, schema_editor: Any) -> None:
    apps.get_model("orgs", "User").objects.update(last_seen_at=models.F("last_login"))


class Migration(migrations.Migration):
    dependencies = [
        ("orgs", "0008_checklist_put_away"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="last_seen_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.RunPython(take_last_sign_in, migrations.RunPython.noop, elidable=True),
    ]
