"""Feeds and syncs, as the tests of the catalogue make them."""

import json

from orgs.actor import Actor
from permissions.catalog_fetch import Limits
from permissions.catalog_file import STARTER
from permissions.catalog_models import CatalogSync
from permissions.catalog_source import Source, SourceFormat
from permissions.catalog_sync import sync_catalog
from permissions.models import CatalogEntry
from permissions.queries import site_version
from tests.services.feed import FeedServer

STAFF = Actor.site_staff()
QUICK = Limits(
    connect=2, request=0.4, run=3, size=100_000, attempts=3, first_pause=0.01, longest_pause=0.5
)
ROWS: list[dict[str, str]] = json.loads(STARTER.read_bytes())["entries"]
QUAY_TOOLS = {"path": "quay-tools", "kind": "verified_publisher", "title": "Quay tools"}


def document(*more: object, without: int = 0) -> bytes:
    """The starter catalogue as a feed, with something more, or without its last entries."""
    return json.dumps({"entries": [*ROWS[: len(ROWS) - without], *more]}).encode()


def sync(feed: FeedServer, *, force: bool = False, limits: Limits = QUICK) -> CatalogSync:
    """What site staff do to sync with that feed."""
    source = Source(SourceFormat.HUBADMIN, (feed.url,))
    return sync_catalog(STAFF, source, force=force, limits=limits)


def stored() -> tuple[int, list[tuple[str, str, str]]]:
    """The site's version, and the catalogue."""
    return site_version(), list(CatalogEntry.objects.values_list("path", "kind", "title"))
