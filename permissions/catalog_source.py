"""Where the catalogue comes from: one document in our schema, or Docker Hub's search."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import takewhile

from permissions.catalog_fetch import Document, Fetcher, Limits, Unreadable, Validator, shown
from permissions.catalog_file import CatalogFile, MalformedCatalog, read_catalog
from permissions.catalog_search import MAX_RESULTS, PAGE_SIZE, entries_of, page_url, read_page
from permissions.core.catalog import Catalog, CatalogEntry, CatalogKind, InvalidEntry


class SourceFormat(StrEnum):
    HUBADMIN = "hubadmin"
    DOCKER_HUB = "docker-hub"


@dataclass(frozen=True, slots=True)
class Source:
    """One feed. `urls` are tried in order, and all of them are needed."""

    format: SourceFormat
    urls: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join(dict.fromkeys(map(shown, self.urls)))


Validators = Mapping[str, Validator]
"""By a hash of the address, which can hold a secret."""


@dataclass(frozen=True, slots=True)
class Read:
    """A catalogue that was read whole, and what to ask with whether it has changed since.

    `validators` is empty when not all of its parts can be asked about.
    """

    catalog: Catalog
    validators: Validators
    dated: date | None = None


def read_source(source: Source, known: Validators, limits: Limits | None = None) -> Read | None:
    """The whole catalogue, or None if every part is as `known` says. Raises `Unreadable`."""
    fetcher = Fetcher(limits)
    if known and _all_unchanged(source, known, fetcher):
        return None
    reading = _Reading(fetcher)
    read = {
        SourceFormat.HUBADMIN: _read_documents,
        SourceFormat.DOCKER_HUB: _read_searches,
    }[source.format]
    entries, dated = read(source.urls, reading)
    if not entries:
        raise Unreadable(f"{source} lists nothing. A catalogue is never emptied by a feed.")
    return Read(Catalog(tuple(entries.values())), reading.validators(), dated)


Entries = dict[str, CatalogEntry]


class _Reading:
    """What is fetched, with the validators that come along."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._validators: dict[str, Validator | None] = {}

    def fetch(self, url: str) -> bytes:
        document = self._fetcher.fetch(url)
        assert isinstance(document, Document)
        self._validators[_key(url)] = document.validator
        return document.content

    def validators(self) -> Validators:
        known = {key: validator for key, validator in self._validators.items() if validator}
        return known if len(known) == len(self._validators) else {}


def _read_documents(urls: tuple[str, ...], reading: _Reading) -> tuple[Entries, date | None]:
    files = []
    merged: Entries = {}
    for url in urls:
        content = reading.fetch(url)
        with _told(url):
            file = read_catalog(content)
        files.append(file)
        _merge(merged, file.catalog.entries, url)
    return merged, _oldest(files)


def _oldest(files: list[CatalogFile]) -> date | None:
    dates = [file.dated for file in files if file.dated]
    return min(dates) if len(dates) == len(files) else None


def _read_searches(urls: tuple[str, ...], reading: _Reading) -> tuple[Entries, date | None]:
    merged: Entries = {}
    for url in urls:
        for kind in CatalogKind:
            _merge(merged, _read_search(url, kind, reading), url)
    return merged, None


def _read_search(url: str, kind: CatalogKind, reading: _Reading) -> tuple[CatalogEntry, ...]:
    entries: list[CatalogEntry] = []
    total, start = None, 0
    while total is None or start < total:
        content = reading.fetch(page_url(url, kind, start))
        with _told(url):
            page = read_page(content, start)
            entries += entries_of(page.results, kind)
        if total is not None and page.total != total:
            raise Unreadable(f"{shown(url)} changed while it was read: try again later.")
        total, start = page.total, start + PAGE_SIZE
    try:
        return Catalog(tuple(entries)).entries
    except InvalidEntry as error:
        # Pages are cut anew for each request: what moved from one to the next comes twice.
        raise Unreadable(
            f"{shown(url)} lists an image twice, so it changed while it was read: try again later."
        ) from error


@contextmanager
def _told(url: str) -> Iterator[None]:
    try:
        yield
    except MalformedCatalog as error:
        raise Unreadable(f"{shown(url)} is malformed. {str(error).rstrip('.')}.") from error


def _merge(into: Entries, entries: tuple[CatalogEntry, ...], url: str) -> None:
    for entry in entries:
        if into.setdefault(entry.path, entry).kind is not entry.kind:
            raise Unreadable(f"{shown(url)} says of {entry.path} what another address denies.")


def _all_unchanged(source: Source, known: Validators, fetcher: Fetcher) -> bool:
    addresses = _addresses(source, known)
    return len(addresses) == len(known) and all(
        fetcher.fetch(url, known[_key(url)]) is None for url in addresses
    )


def _addresses(source: Source, known: Validators) -> list[str]:
    """What `known` is about, in the order in which it was read; nothing if it leaves out a part."""
    found: list[str] = []
    for pages in _parts(source):
        read = list(takewhile(lambda page: _key(page) in known, pages))
        if not read:
            return []
        found += read
    return found


def _parts(source: Source) -> Iterator[Iterable[str]]:
    """Each document, or each search with all the pages that it can have."""
    for url in source.urls:
        if source.format is SourceFormat.HUBADMIN:
            yield [url]
        else:
            for kind in CatalogKind:
                yield [page_url(url, kind, start) for start in range(0, MAX_RESULTS, PAGE_SIZE)]


def _key(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()
