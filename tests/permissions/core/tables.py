"""Reads the tables of tests/cases: Markdown that people read, rows that tests run."""

import re
from pathlib import Path

CASES = Path(__file__).parents[2] / "cases"

_REPEATED = re.compile(r"\{(.)\*(\d+)\}")


def rows(file: str, first_column: str) -> list[dict[str, str]]:
    """Return the rows of all tables in a file whose first column has this name.

    Cells are taken as written, without the backquotes around them; inside backquotes a backslash
    escapes as in Python (also `\\x7c` for the pipe), and `{a*300}` stands for 300 times `a`.
    """
    found: list[dict[str, str]] = []
    header: list[str] = []
    for line in (CASES / file).read_text(encoding="ascii").splitlines():
        if not line.startswith("|"):
            header = []
        elif not header:
            header = [cell.strip() for cell in line.strip("|").split("|")]
        elif not line.startswith("| ---") and header[0] == first_column:
            cells = [_text(cell.strip()) for cell in line.removesuffix("|")[1:].split("|")]
            found.append(dict(zip(header, cells, strict=True)))
    return found


def _text(cell: str) -> str:
    if len(cell) > 1 and cell.startswith("`") and cell.endswith("`"):
        cell = cell[1:-1].encode("ascii").decode("unicode_escape")
    return _REPEATED.sub(lambda match: match[1] * int(match[2]), cell)
