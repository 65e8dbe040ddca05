"""Replacing the catalogue, as a whole or not at all (C3)."""

from django.db import transaction

from orgs.actor import Actor
from orgs.transactions import record_change, require_site_staff
from permissions.core.catalog import Catalog
from permissions.models import CatalogEntry
from permissions.versions import bump_site, lock_site


@transaction.atomic
def replace_catalog(actor: Actor, catalog: Catalog) -> None:
    """Make the stored catalogue exactly this one, whose entries have been checked already."""
    require_site_staff(actor, "replace the catalogue")
    lock_site()
    before = CatalogEntry.objects.count()
    CatalogEntry.objects.all().delete()
    CatalogEntry.objects.bulk_create(
        CatalogEntry(
            path=entry.path, kind=entry.kind, title=entry.title, description=entry.description
        )
        for entry in catalog.entries
    )
    record_change(
        actor,
        None,
        "catalog.replaced",
        before={"entries": before},
        after={"entries": len(catalog.entries)},
    )
    bump_site()
