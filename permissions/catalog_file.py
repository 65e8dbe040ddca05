"""A catalogue as a JSON document: docs/administrators/catalogue.schema.json describes it."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

import msgspec

from permissions.core.catalog import Catalog, CatalogEntry, CatalogKind, InvalidEntry
from permissions.core.text import shown

STARTER = Path(__file__).with_name("starter_catalog.json")
"""What a new site begins with: without any, every verified publisher would be community."""
STARTER_SOURCE = "the starter catalogue"
TITLE_MAX_LENGTH = 100


class MalformedCatalog(ValueError):
    """The document can't be a catalogue. The text says where."""


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    path: str
    kind: CatalogKind
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=TITLE_MAX_LENGTH)]
    description: Annotated[str, msgspec.Meta(max_length=300)] = ""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    # Never an empty one: every verified publisher would be community at once.
    entries: Annotated[list[_Entry], msgspec.Meta(min_length=1)]
    dated: date | None = None
    # So that an editor finds the schema.
    schema: str = msgspec.field(name="$schema", default="")


@dataclass(frozen=True, slots=True)
class CatalogFile:
    """A catalogue, and the day of which it is if the document says so."""

    catalog: Catalog
    dated: date | None = None


def read_catalog(content: bytes) -> CatalogFile:
    """The catalogue in `{"dated", "entries": [{"path", "kind", "title", "description"}]}`, whole.

    Raises `MalformedCatalog` if any part of it is wrong.
    """
    try:
        file = msgspec.json.decode(content, type=_File)
        return CatalogFile(Catalog(tuple(map(_entry, file.entries))), file.dated)
    except (msgspec.DecodeError, InvalidEntry, UnicodeDecodeError) as error:
        raise MalformedCatalog(str(error)) from error


def _entry(entry: _Entry) -> CatalogEntry:
    for text in (entry.title, entry.description):
        if not text.isprintable():
            raise InvalidEntry(f"The text {shown(text)} has characters that can't be shown.")
    return CatalogEntry(entry.path, entry.kind, entry.title, entry.description)
