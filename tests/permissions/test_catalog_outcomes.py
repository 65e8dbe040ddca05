"""How a sync of the catalogue ends, who is told, and what waits for a person."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import Settings

from hubadmin.celery import app
from orgs.actor import Actor, Invalid, NotAllowed
from permissions.catalog_models import CatalogSync
from permissions.catalog_operations import AlreadySyncing, accept_sync, begin_sync
from permissions.catalog_source import Source, SourceFormat
from permissions.catalog_sync import sync_catalog
from permissions.models import CatalogEntry
from permissions.queries import site_version
from permissions.tasks import sync_catalog_with_feed
from tests.conftest import NewVisitor, named_user
from tests.permissions.catalog_feeds import QUAY_TOOLS, ROWS, STAFF, document, stored, sync
from tests.services.feed import (
    FeedServer,
    answer,
)

pytestmark = pytest.mark.django_db
GOOD = document(QUAY_TOOLS)


def test_a_shrunken_feed_waits_for_a_person(feed: FeedServer) -> None:
    before = stored()
    feed.will(answer(document(without=len(ROWS) // 5 + 1)))

    held = sync(feed)

    assert held.outcome == "held"
    assert f"manage.py sync_catalog --accept {held.pk}" in held.sentence
    assert stored() == before
    assert accept_sync(STAFF, held.pk).outcome == "replaced"
    assert CatalogEntry.objects.count() == len(ROWS) - len(ROWS) // 5 - 1
    assert site_version() == before[0] + 1
    with pytest.raises(Invalid, match="not held"):
        accept_sync(STAFF, held.pk)


def test_losing_a_fifth_of_the_publishers_alone_is_enough_to_wait(feed: FeedServer) -> None:
    feed.will(answer(document(without=3)))
    assert sync(feed).outcome == "held"
    feed.will(answer(document(without=2)))
    assert sync(feed).outcome == "replaced"


def test_force_takes_the_shrunken_feed(feed: FeedServer) -> None:
    feed.will(answer(document(without=40)))
    assert sync(feed, force=True).removed == 40


def test_what_was_held_is_gone_when_the_feed_recovers(feed: FeedServer) -> None:
    feed.will(answer(document(without=40)))
    first, second = sync(feed), sync(feed)
    with pytest.raises(Invalid, match=f"Sync {second.pk} is held"):
        accept_sync(STAFF, first.pk)
    feed.will(answer(document()))
    assert sync(feed).outcome == "unchanged"
    with pytest.raises(Invalid, match="None is held"):
        accept_sync(STAFF, second.pk)


def test_one_at_a_time_and_the_dead_make_room(feed: FeedServer) -> None:
    first = begin_sync(STAFF, "a feed", timedelta(minutes=8))
    with pytest.raises(AlreadySyncing):
        sync(feed)
    CatalogSync.objects.update(started_at=timezone.now() - timedelta(minutes=9))
    feed.will(answer(GOOD))
    assert sync(feed).outcome == "replaced"
    first.refresh_from_db()
    assert first.outcome == "failed"


def test_the_database_keeps_sense_in_syncs() -> None:
    now = timezone.now()
    for nonsense in (
        {"outcome": "perhaps", "finished_at": now, "sentence": "x"},
        {"outcome": "failed", "finished_at": now, "sentence": ""},
        {"outcome": "failed", "sentence": "x"},
        {"outcome": "held", "finished_at": now, "sentence": "x"},
        {"outcome": "replaced", "finished_at": now, "sentence": "x"},
        {"outcome": "running", "finished_at": now},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            CatalogSync.objects.create(source="x", started_at=now, **nonsense)


def test_only_site_staff_replace_the_catalogue(feed: FeedServer) -> None:
    olivia = Actor("olivia", None, named_user("olivia"))
    with pytest.raises(NotAllowed):
        sync_catalog(olivia, Source(SourceFormat.HUBADMIN, (feed.url,)))
    with pytest.raises(NotAllowed):
        accept_sync(olivia, 1)


def manage(*arguments: str) -> str:
    out = StringIO()
    call_command("sync_catalog", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_and_the_task_say_how_it_ended(feed: FeedServer, settings: Settings) -> None:
    with pytest.raises(CommandError, match="HUBADMIN_CATALOG_URL is not set"):
        manage()
    assert sync_catalog_with_feed() == "no feed"
    settings.CATALOG_URLS = [feed.url]
    feed.will(answer(GOOD))
    assert "1 added" in manage()
    feed.will(answer(document(without=40)))
    with pytest.raises(CommandError, match="waits for a person"):
        manage()
    assert "removed" in manage("--accept", str(CatalogSync.objects.get(outcome="held").pk))
    feed.will(answer(document()))
    assert "added" in manage("--force")
    assert sync_catalog_with_feed() == "unchanged"
    begin_sync(STAFF, "a feed", timedelta(minutes=8))
    assert "being synced already" in sync_catalog_with_feed()
    with pytest.raises(CommandError, match="being synced already"):
        manage()


def test_beat_has_a_task_that_exists() -> None:
    app.loader.import_default_modules()
    assert "permissions.tasks.sync_catalog_with_feed" in app.tasks


def test_metrics_show_age_and_the_last_outcome(
    feed: FeedServer, visitor: NewVisitor, settings: Settings
) -> None:
    settings.METRICS_TOKEN = "scrape-me"
    feed.will(answer(GOOD))
    sync(feed)
    feed.will(answer(status=404))
    sync(feed)

    text = visitor(Authorization="Bearer scrape-me").get("/metrics").text

    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if "hubadmin_catalog" in line)
    assert float(values["hubadmin_catalog_age_seconds"]) < 60
    assert values['hubadmin_catalog_last_sync{outcome="failed"}'] == "1.0"
    assert values['hubadmin_catalog_last_sync{outcome="replaced"}'] == "0.0"
    assert float(values['hubadmin_catalog_entries{kind="verified_publisher"}']) == 11
