from django.db import migrations, models


def remember(apps, schema_editor):
    registries = apps.get_model("permissions", "ConnectedRegistry")._base_manager
    names = apps.get_model("permissions", "ServiceName")._base_manager
    for registry in registries.select_related("organization"):
        owner = registry.organization.name if registry.organization else ""
        names.create(name=registry.service, owner=owner)


class Migration(migrations.Migration):
    dependencies = [("permissions", "0002_connected_clusters")]

    operations = [
        migrations.CreateModel(
            name="ServiceName",
            fields=[
                ("name", models.CharField(max_length=30, primary_key=True, serialize=False)),
                ("owner", models.CharField(blank=True, max_length=30)),
            ],
        ),
        migrations.RunPython(remember, migrations.RunPython.noop, elidable=True),
    ]
