"""Files of many rows, made while they are read, so that none is ever held whole."""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

# What a spreadsheet takes for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
ROWS_AT_ONCE = 200

Row = Sequence[Any]


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def csv_file(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    """The rows as CSV with a line of headings, in pieces."""
    writer = csv.writer(_Echo())
    yield str(writer.writerow(columns))
    for some in _some(rows):
        yield "".join(str(writer.writerow([_cell(value) for value in row])) for row in some)


def json_file(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    """The rows as one JSON array of objects, in pieces."""
    before = "[\n"
    for some in _some(rows):
        objects = (
            json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) for row in some
        )
        yield before + ",\n".join(objects)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def _cell(value: Any) -> str:
    """A value as text that no spreadsheet runs: people choose names, and programs theirs."""
    if value is None:
        return ""
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def _some(rows: Iterable[Row]) -> Iterator[Sequence[Row]]:
    some: list[Row] = []
    for row in rows:
        some.append(row)
        if len(some) == ROWS_AT_ONCE:
            yield some
            some = []
    if some:
        yield some
