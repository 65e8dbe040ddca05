"""Files of many rows: nothing in them runs, nothing is held whole."""

import csv
import io
import json
from collections.abc import Iterator

import pytest

from audit.export import ROWS_AT_ONCE, csv_file, json_file

COLUMNS = ("name", "count", "more")


def read_csv(pieces: Iterator[str]) -> list[list[str]]:
    return list(csv.reader(io.StringIO("".join(pieces), newline="")))


@pytest.mark.parametrize(
    "name",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://evil.example")'],
)
def test_a_spreadsheet_takes_no_cell_for_a_formula(name: str) -> None:
    (_, row) = read_csv(csv_file(COLUMNS, [(name, 1, None)]))
    assert row == [f"'{name}", "1", ""]


def test_what_is_harmless_stays_as_it_is() -> None:
    rows = [('Gus, "García"', 3, {"a": ["b"]}), ("a=b", 0, []), ("日本\n語", 1, "")]
    assert read_csv(csv_file(COLUMNS, rows)) == [
        list(COLUMNS),
        ['Gus, "García"', "3", '{"a": ["b"]}'],
        ["a=b", "0", "[]"],
        ["日本\n語", "1", ""],
    ]


@pytest.mark.parametrize("number", [0, 1, ROWS_AT_ONCE, 2 * ROWS_AT_ONCE + 1])
def test_files_are_whole_however_many_rows_there_are(number: int) -> None:
    rows = [(f"=n{index}", index, {"x": None}) for index in range(number)]
    as_json = json.loads("".join(json_file(COLUMNS, rows)))
    # A program runs no formulas, so it gets what there is.
    assert as_json == [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    assert len(read_csv(csv_file(COLUMNS, rows))) == number + 1


def test_rows_are_read_only_as_the_file_is() -> None:
    def rows() -> Iterator[tuple[str, int, None]]:
        for index in range(10 * ROWS_AT_ONCE):
            read.append(index)
            yield "x", index, None

    read: list[int] = []
    file = csv_file(COLUMNS, rows())
    next(file)
    next(file)
    assert len(read) == ROWS_AT_ONCE
