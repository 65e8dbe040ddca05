"""Syncing the catalogue with a feed, from a server that misbehaves in every way we know."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from audit.models import SITE
from audit.queries import entries_of
from permissions.catalog_fetch import Limits, address_problem
from permissions.catalog_file import STARTER, read_catalog
from permissions.catalog_operations import replace_catalog
from permissions.catalog_queries import catalog_state
from permissions.catalog_source import Source, SourceFormat
from permissions.catalog_sync import sync_catalog
from permissions.models import CatalogEntry
from permissions.queries import catalog_around, site_version
from tests.permissions.catalog_feeds import QUAY_TOOLS, QUICK, ROWS, STAFF, document, stored, sync
from tests.services.feed import (
    Answer,
    FeedServer,
    answer,
    endless,
    half,
    hang_up,
    slow,
    slow_head,
)

pytestmark = pytest.mark.django_db

SCHEMA = Path(__file__).parents[2] / "docs" / "administrators" / "catalogue.schema.json"
GOOD = document(QUAY_TOOLS)


def test_a_new_site_begins_with_the_dated_starter_catalogue() -> None:
    state = catalog_state()
    assert state.source == "the starter catalogue"
    assert state.as_of == datetime(2026, 11, 24, tzinfo=UTC)
    assert state.entries == len(ROWS) == CatalogEntry.objects.count()
    for publisher in ("bitnami", "grafana", "datadog", "hashicorp"):
        assert catalog_around(publisher).entries
    assert not catalog_around("randomdev").entries


def test_the_starter_catalogue_and_the_reader_keep_to_the_schema() -> None:
    schema = Draft202012Validator(json.loads(SCHEMA.read_bytes()))
    schema.check_schema(schema.schema)
    schema.validate(json.loads(STARTER.read_bytes()))
    read_catalog(STARTER.read_bytes())
    for wrong in ("{}", '{"entries": []}', '{"entries": [{"path": "a"}]}', '{"entries": 1}'):
        assert not schema.is_valid(json.loads(wrong))


def test_c3_a_good_feed_replaces_the_catalogue(feed: FeedServer) -> None:
    version, _ = stored()
    feed.will(answer(GOOD))

    ended = sync(feed)

    assert (ended.outcome, ended.added, ended.removed, ended.changed) == ("replaced", 1, 0, 0)
    assert "1 added" in ended.sentence
    assert catalog_around("quay-tools/x").entries
    assert site_version() == version + 1
    entry = entries_of(SITE)[0]
    assert (entry.actor, entry.action, entry.target) == ("site staff", "catalog.replaced", feed.url)
    assert entry.after["added"] == 1


def test_p3_the_same_feed_again_changes_nothing(feed: FeedServer) -> None:
    feed.will(answer(GOOD))
    sync(feed)
    before, log = stored(), entries_of(SITE).count()

    assert sync(feed).outcome == "unchanged"
    assert (stored(), entries_of(SITE).count()) == (before, log)


def test_an_unchanged_feed_is_not_sent_again(feed: FeedServer) -> None:
    when = "Tue, 24 Nov 2026 10:00:00 GMT"
    feed.will(answer(GOOD, etag='"one"', last_modified=when))
    sync(feed)
    feed.will(answer(status=304))

    assert sync(feed).outcome == "unchanged"
    [(_, headers)] = feed.asked
    assert headers["If-None-Match"] == '"one"'
    assert headers["If-Modified-Since"] == when
    # What one sync knew, the next one after it asks with too.
    assert sync(feed).outcome == "unchanged"


def test_what_was_replaced_by_hand_is_not_taken_for_the_feeds(feed: FeedServer) -> None:
    feed.will(answer(GOOD, etag='"one"'))
    sync(feed)
    replace_catalog(STAFF, read_catalog(document()).catalog)

    feed.will(answer(GOOD, etag='"one"'))
    assert sync(feed).outcome == "replaced"
    assert all("If-None-Match" not in headers for _, headers in feed.asked)


def test_a_further_address_is_read_although_the_first_has_not_changed(feed: FeedServer) -> None:
    feed.will(answer(GOOD, etag='"one"'))
    sync(feed)
    more = json.dumps({"entries": [{**QUAY_TOOLS, "path": "more"}]}).encode()
    feed.will(answer(GOOD, etag='"one"'), answer(more))

    source = Source(SourceFormat.HUBADMIN, (feed.url, f"{feed.url}?second"))
    assert sync_catalog(STAFF, source, limits=QUICK).added == 1
    assert catalog_around("more").entries


def test_a_broken_answer_is_asked_for_again(feed: FeedServer) -> None:
    feed.will(half(GOOD), answer(status=500), answer(GOOD))
    assert sync(feed).outcome == "replaced"


@pytest.mark.parametrize("name", ["Retry-After", "X-Retry-After"])
def test_the_server_says_when_to_come_back(feed: FeedServer, name: str) -> None:
    due = time.time() + 1.2
    wait = "1" if name == "Retry-After" else str(int(due))
    busy = answer(status=429, **{name: wait})  # type: ignore[arg-type]  # none is called body
    feed.will(busy, answer(GOOD))
    began = time.monotonic()

    limits = Limits(first_pause=0.01, longest_pause=2, run=5)
    assert sync(feed, limits=limits).outcome == "replaced"
    # Until a whole second of the clock, the wait can be short.
    assert time.monotonic() - began > (0.1 if name == "X-Retry-After" else 1)


BAD_ENTRY = {"path": "ok", "kind": "verified_publisher", "title": "ok"}
HTML = b"<!doctype html><title>Sign in to the wireless network</title>"


def entries(*rows: object) -> Answer:
    return answer(document(*rows))


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ([half(GOOD)], "broke off before its end. It was tried 3 times"),
        ([answer(GOOD[: len(GOOD) // 2])], "is malformed"),
        ([answer(HTML, content_type="text/html; charset=utf-8")], "a web page instead of JSON"),
        ([answer(HTML)], "is malformed"),
        ([answer(b"")], "is malformed"),
        ([answer(b"\xff\xfe")], "is malformed"),
        ([answer(b"[]")], "Expected `object`"),
        ([answer(b'{"entries": {}}')], "Expected `array`"),
        ([answer(b'{"entries": []}')], "length >= 1"),
        ([answer(b'{"entries": [1]}')], "Expected `object`"),
        ([entries({**BAD_ENTRY, "path": 7})], "Expected `str`"),
        ([entries({**BAD_ENTRY, "path": "Ok"})], "Ok"),
        ([entries({**BAD_ENTRY, "path": "a/b/c"})], "more than two components"),
        ([entries({**BAD_ENTRY, "path": "library/ok"})], "official are the repositories"),
        ([entries({**BAD_ENTRY, "kind": "official"})], "official are the repositories"),
        ([entries({**BAD_ENTRY, "kind": "famous"})], "Invalid enum value"),
        ([entries({**BAD_ENTRY, "title": ""})], "length >= 1"),
        ([entries({**BAD_ENTRY, "title": "x" * 101})], "length <= 100"),
        ([entries({**BAD_ENTRY, "title": "a\x00b"})], "can't be shown"),
        ([entries({**BAD_ENTRY, "more": 1})], "unknown field"),
        ([entries(ROWS[0])], "more than once"),
        ([slow(GOOD, 0.05)], "took too long to answer. It was tried 3 times"),
        ([slow_head(0.05)], "took too long to answer"),
        ([endless()], "more than 100000 bytes"),
        ([answer(status=500)], "answered 500. It was tried 3 times"),
        ([answer(status=429, retry_after="3600")], "It asks to wait 3600 s"),
        ([answer(status=503, retry_after="soon")], "answered 503"),
        ([answer(status=401)], "refused our credentials"),
        ([answer(status=404)], "has nothing there"),
        ([answer(status=204)], "gave no document"),
        ([answer(status=304)], "gave no document"),
        ([answer(GOOD, content_encoding="gzip")], "compressed"),
        ([answer(status=302, location="https://elsewhere.example/catalog.json")], "another host"),
        ([answer(status=302, location="//127.0.0.1:1/catalog.json")], "another host"),
        ([answer(status=302, location="file:///etc/passwd")], "another host"),
        ([answer(status=302, location="http://[")], "redirects to what is no address"),
        ([answer(status=302, location="/catalog.json")], "redirects more than 3 times"),
        ([hang_up()], "connection to"),
    ],
)
def test_what_is_wrong_leaves_the_catalogue_and_is_said(
    feed: FeedServer, answers: list[Answer], sentence: str
) -> None:
    before = stored()
    feed.will(*answers)

    ended = sync(feed)

    assert ended.outcome == "failed"
    assert sentence in ended.sentence
    assert ended.sentence.endswith("The catalogue stays as it was.")
    assert stored() == before


def test_a_run_ends_in_time_however_the_server_behaves(feed: FeedServer) -> None:
    feed.will(slow(GOOD, 0.02))
    began = time.monotonic()
    limits = Limits(request=1, run=0.5, attempts=99, first_pause=0.01)
    assert sync(feed, limits=limits).outcome == "failed"
    assert time.monotonic() - began < 1.5


def test_a_server_that_is_not_there(feed: FeedServer) -> None:
    source = Source(SourceFormat.HUBADMIN, ("http://127.0.0.1:1/catalog.json",))
    assert "failed" in sync_catalog(STAFF, source, limits=QUICK).sentence


def test_a_redirect_on_the_same_host_is_followed(feed: FeedServer) -> None:
    feed.will(answer(status=301, location="/moved.json?a=b"), answer(GOOD))
    assert sync(feed).outcome == "replaced"
    assert feed.asked[1][0] == "/moved.json?a=b"


def test_a_password_in_the_address_goes_to_the_server_and_nowhere_else(feed: FeedServer) -> None:
    secret = feed.url.replace("127.0.0.1", "mirror:s3cr%65t@127.0.0.1") + "?key=s3cret"
    feed.will(answer(status=401), answer(GOOD))
    source = Source(SourceFormat.HUBADMIN, (secret,))

    with structlog.testing.capture_logs() as logs:
        failed = sync_catalog(STAFF, source, limits=QUICK)
        replaced = sync_catalog(STAFF, source, limits=QUICK)

    assert feed.asked[0][1]["Authorization"] == "Basic bWlycm9yOnMzY3JldA=="
    told = [json.dumps(logs, default=str), *(str(vars(row)) for row in (failed, replaced))]
    told += [str(vars(entry)) for entry in entries_of(SITE)]
    assert not any(word in text for text in told for word in ("s3cr", "key="))
    assert [log["log_level"] for log in logs] == ["warning", "info"]


def test_a_file_is_a_feed_too(tmp_path: Path) -> None:
    file = tmp_path / "the catalogue.json"
    file.write_bytes(GOOD)
    source = Source(SourceFormat.HUBADMIN, (f"file://{tmp_path}/the%20catalogue.json",))
    assert sync_catalog(STAFF, source, limits=QUICK).outcome == "replaced"
    file.unlink()
    assert "No such file" in sync_catalog(STAFF, source, limits=QUICK).sentence


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://feed.example/catalog.json", True),
        ("https://user:password@feed.example:8443/a?b=c", True),
        ("http://localhost:9000/a", True),
        ("file:///etc/hubadmin/catalog.json", True),
        ("http://feed.example/a", False),
        ("https://", False),
        ("https://feed.example:port/", False),
        ("https://[", False),
        ("https://feed.example/\x7f", False),
        ("ftp://feed.example/a", False),
        ("file://feed.example/a", False),
        ("catalog.json", False),
    ],
)
def test_addresses_that_a_feed_can_have(url: str, good: bool) -> None:
    assert (address_problem(url) is None) is good
