"""A new site begins with the starter catalogue; one that has a catalogue keeps it."""

import json
from datetime import UTC, datetime
from pathlib import Path

from django.db import migrations
from django.utils import timezone

STARTER = Path(__file__).parents[1] / "starter_catalog.json"


def load(apps, schema_editor):
    entries = apps.get_model("permissions", "CatalogEntry").objects
    syncs = apps.get_model("permissions", "CatalogSync").objects
    now = timezone.now()
    kept = entries.count()
    if kept:
        note(syncs, "by hand", now, f"The catalogue had {kept} entries before syncs were recorded.")
        return
    starter = json.loads(STARTER.read_bytes())
    entries.bulk_create(entries.model(**entry) for entry in starter["entries"])
    dated = datetime.fromisoformat(starter["dated"]).replace(tzinfo=UTC)
    sentence = f"The site began with {len(starter['entries'])} entries."
    note(syncs, "the starter catalogue", min(dated, now), sentence)


def note(syncs, source, as_of, sentence):
    now = timezone.now()
    syncs.create(
        source=source,
        started_at=now,
        finished_at=now,
        outcome="replaced",
        as_of=as_of,
        sentence=sentence,
    )


class Migration(migrations.Migration):
    dependencies = [("permissions", "0007_catalog_sync")]

    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
