"""A catalogue as a JSON file."""

import msgspec

from permissions.core.catalog import Catalog, CatalogEntry, CatalogKind, InvalidEntry


class MalformedCatalog(ValueError):
    """The file can't be a catalogue. The text says where."""


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    path: str
    kind: CatalogKind
    title: str
    description: str = ""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    entries: list[_Entry]


def read_catalog(content: bytes) -> Catalog:
    """The catalogue in `{"entries": [{"path", "kind", "title", "description"}]}`, whole.

    Raises `MalformedCatalog` if any part of it is wrong.
    """
    try:
        file = msgspec.json.decode(content, type=_File)
        return Catalog(
            tuple(
                CatalogEntry(entry.path, entry.kind, entry.title, entry.description)
                for entry in file.entries
            )
        )
    except (msgspec.DecodeError, InvalidEntry, UnicodeDecodeError) as error:
        raise MalformedCatalog(str(error)) from error
