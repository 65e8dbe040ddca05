"""Reading the catalogue out of Docker Hub's search, page by page."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from orgs.actor import Actor
from permissions.catalog_fetch import Limits, Unreadable
from permissions.catalog_models import CatalogSync
from permissions.catalog_source import Read, Source, SourceFormat, read_source
from permissions.catalog_sync import sync_catalog
from permissions.models import CatalogEntry
from tests.services.feed import FeedServer, Handler, answer, feed_server

QUICK = Limits(connect=2, request=1, run=5, attempts=2, first_pause=0.01)
Row = dict[str, Any]


PUBLISHER = "verified_publisher"


class Search:
    """Docker Hub's search as its description has it: one badge at a time, 100 at a time."""

    def __init__(self, server: FeedServer) -> None:
        self.server = server
        self.rows: list[Row] = [
            *(
                row(f"publisher{n}/tool", "verified_publisher", f"Publisher {n}")
                for n in range(250)
            ),
            *(row(name, "official", "Docker") for name in ("nginx", "library/redis")),
        ]
        self.spoil: Callable[[Row, int], None] = lambda page, start: None
        server.will(self)

    @property
    def source(self) -> Source:
        url = self.server.url.replace("catalog.json", "api/search/v4?query=publisher&from=7")
        return Source(SourceFormat.DOCKER_HUB, (url,))

    def __call__(self, handler: Handler) -> None:
        query = parse_qs(urlsplit(handler.path).query)
        assert (query["query"], query["type"], query["size"]) == (["publisher"], ["image"], ["100"])
        [badge], [start] = query["badges"], map(int, query["from"])
        found = [one for one in self.rows if one["badge"] == badge]
        page = {"total": len(found), "results": found[start : start + 100]}
        self.spoil(page, start)
        body = json.dumps(page).encode()
        etag = f'"{hash(body)}"'
        if handler.headers["If-None-Match"] == etag:
            answer(status=304)(handler)
        else:
            answer(body, etag=etag)(handler)

    def read(self) -> Read:
        read = read_source(self.source, {}, QUICK)
        assert read is not None
        return read


def row(name: str, badge: str | None, publisher: str) -> Row:
    return {
        "id": name,
        "name": name,
        "slug": name,
        "type": "image",
        "publisher": {"id": "1", "name": publisher},
        "badge": badge,
        "pull_count": "1B+",
        "star_count": 3,
        "categories": [],
    }


@pytest.fixture
def search() -> Iterator[Search]:
    with feed_server() as server:
        yield Search(server)


def test_every_page_is_read(search: Search) -> None:
    read = search.read()
    entries = {entry.path: (entry.kind.value, entry.title) for entry in read.catalog.entries}
    assert len(entries) == 252
    assert entries["publisher249/tool"] == ("verified_publisher", "Publisher 249")
    assert entries["library/nginx"] == ("official", "nginx")
    assert entries["library/redis"] == ("official", "redis")
    # Exactly the repository that bears the badge, never its namespace.
    assert "publisher249" not in entries
    assert len(search.server.asked) == 4


def test_unchanged_pages_are_not_sent_again(search: Search) -> None:
    known = search.read().validators
    search.server.asked.clear()
    assert read_source(search.source, known, QUICK) is None
    assert len(search.server.asked) == 4

    search.rows[-3]["publisher"]["name"] = "Renamed"
    again = read_source(search.source, known, QUICK)
    assert again is not None
    assert "Renamed" in {entry.title for entry in again.catalog.entries}


def test_what_is_no_image_or_has_another_badge_is_left_out(search: Search) -> None:
    def spoil(page: Row, start: int) -> None:
        for one, change in zip(
            page["results"], ({"badge": None}, {"type": "plugin"}), strict=False
        ):
            one.update(change)

    search.rows = search.rows[:3]
    search.spoil = spoil
    assert [entry.path for entry in search.read().catalog.entries] == ["publisher2/tool"]


def test_a_publishers_name_that_can_not_be_shown_gives_way_to_the_path(search: Search) -> None:
    for one, name in zip(search.rows, ("", "x" * 101, "a\x00b"), strict=False):
        one["publisher"]["name"] = name
    search.rows[3]["publisher"] = None
    titles = {entry.path: entry.title for entry in search.read().catalog.entries}
    for number in range(4):
        assert titles[f"publisher{number}/tool"] == f"publisher{number}/tool"


def first(**changes: Any) -> Callable[[Row, int], None]:
    def spoil(page: Row, start: int) -> None:
        for one in page["results"][:1]:
            one.update(changes)

    return spoil


def grow(page: Row, start: int) -> None:
    if start == 100:
        page["total"] += 1


def shorten(page: Row, start: int) -> None:
    del page["results"][50:]


def lengthen(page: Row, start: int) -> None:
    page["results"] += page["results"][:1]


def repeat(page: Row, start: int) -> None:
    if start:
        page["results"][0] = row("publisher0/tool", "verified_publisher", "x")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (grow, "changed while it was read: try again later"),
        (shorten, "A page has 50 results where 100 of 250 are due"),
        (lengthen, "length <= 100"),
        (repeat, "lists an image twice, so it changed while it was read"),
        (lambda page, start: page.update(total="250"), "Expected `int`"),
        (lambda page, start: page.update(total=-1), ">= 0"),
        (lambda page, start: page.update(total=2501), "only 2500 can be read"),
        (lambda page, start: page.update(results={}), "Expected `array`"),
        (lambda page, start: page.pop("results"), "missing required field"),
        (first(name=None), "Expected `str`"),
        (first(name="Upper"), "Upper"),
        (first(badge=True), "Expected `str"),
        (first(publisher="me"), "Expected `object"),
        (first(name="library/evil"), "official are"),
        (first(name="alone"), "has no namespace"),
    ],
)
def test_a_page_that_is_wrong_spoils_the_whole(
    search: Search, spoil: Callable[[Row, int], None], sentence: str
) -> None:
    search.rows = search.rows[:250]
    search.spoil = spoil
    with pytest.raises(Unreadable, match=sentence):
        search.read()


def test_an_official_image_elsewhere_than_in_library_spoils_the_whole(search: Search) -> None:
    search.rows = [row("publisher/nginx", "official", "x")]
    with pytest.raises(Unreadable, match="official are the repositories of library"):
        search.read()


def test_a_search_that_finds_nothing_empties_no_catalogue(search: Search) -> None:
    search.rows = []
    with pytest.raises(Unreadable, match="lists nothing"):
        search.read()


def test_several_searches_may_find_the_same(search: Search) -> None:
    [url] = search.source.urls
    read = read_source(Source(SourceFormat.DOCKER_HUB, (url, f"{url}&x=y")), {}, QUICK)
    assert read is not None
    assert len(read.catalog.entries) == 252


@pytest.mark.django_db
def test_a_first_search_is_compared_with_the_starter_catalogue(search: Search) -> None:
    before = CatalogEntry.objects.count()
    held = sync_catalog(Actor.site_staff(), search.source, limits=QUICK)
    assert held.outcome == CatalogSync.Outcome.HELD
    assert "?" not in held.source
    assert CatalogEntry.objects.count() == before
