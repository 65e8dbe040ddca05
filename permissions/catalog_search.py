"""Docker Hub's search (version 4), page by page, as a catalogue.

A repository is listed exactly as it is badged, never its whole namespace: doubt restricts.
"""

from collections.abc import Iterable
from typing import Annotated
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec

from permissions.catalog_file import TITLE_MAX_LENGTH, MalformedCatalog
from permissions.core.catalog import CatalogEntry, CatalogKind, InvalidEntry

PAGE_SIZE = 100
MAX_RESULTS = 2500
"""How far into a search Docker Hub lets anybody look."""


class _Publisher(msgspec.Struct):
    name: str = ""


class _Result(msgspec.Struct):
    name: str
    type: str
    badge: str | None = None
    publisher: _Publisher | None = None


class SearchPage(msgspec.Struct):
    """One answer: how many results there are altogether, and some of them."""

    total: Annotated[int, msgspec.Meta(ge=0)]
    results: Annotated[list[_Result], msgspec.Meta(max_length=PAGE_SIZE)]


def page_url(url: str, kind: CatalogKind, start: int) -> str:
    """The address of the page that begins with result `start`, of one badge; whatever else the
    address asks for stays."""
    parts = urlsplit(url)
    ours = {"badges": kind.value, "type": "image", "from": str(start), "size": str(PAGE_SIZE)}
    asked = [(name, value) for name, value in parse_qsl(parts.query) if name not in ours]
    return urlunsplit(parts._replace(query=urlencode([*asked, *ours.items()])))


def read_page(content: bytes, start: int) -> SearchPage:
    """The page that begins with result `start`. Raises `MalformedCatalog` for one that is wrong
    or not full although there is more."""
    try:
        page = msgspec.json.decode(content, type=SearchPage)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedCatalog(str(error)) from error
    if page.total > MAX_RESULTS:
        raise MalformedCatalog(
            f"It finds {page.total} images, and only {MAX_RESULTS} can be read. "
            "Give several addresses that each search for less."
        )
    expected = min(PAGE_SIZE, max(0, page.total - start))
    if len(page.results) != expected:
        raise MalformedCatalog(
            f"A page has {len(page.results)} results where {expected} of {page.total} are due."
        )
    return page


def entries_of(results: Iterable[_Result], kind: CatalogKind) -> list[CatalogEntry]:
    """The entries for results that are images and bear the badge. Raises `MalformedCatalog`."""
    try:
        return [
            CatalogEntry(path := _path(result, kind), kind, _title(result, path))
            for result in results
            if result.type == "image" and result.badge == kind.value
        ]
    except InvalidEntry as error:
        raise MalformedCatalog(str(error)) from error


def _path(result: _Result, kind: CatalogKind) -> str:
    if kind is CatalogKind.OFFICIAL and "/" not in result.name:
        return f"library/{result.name}"
    if "/" not in result.name:
        raise InvalidEntry(
            f'The verified image "{ascii(result.name)[1:-1][:80]}" has no namespace.'
        )
    return result.name


def _title(result: _Result, path: str) -> str:
    name = result.publisher.name if result.publisher else ""
    # Docker publishes every official image: there the image's own name says more.
    if result.badge == CatalogKind.OFFICIAL:
        return path.partition("/")[2]
    return name if name.isprintable() and 0 < len(name) <= TITLE_MAX_LENGTH else path[:100]
