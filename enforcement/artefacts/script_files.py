"""Scripts from the folder `scripts/`, filled in with what the organizations are.

A script is written as the language has it, except for `@NAME@`, where a value goes that is quoted
already, and `@include file@`, where another file of the folder goes.
"""

import re
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "scripts"
_INCLUDE = re.compile(r"^@include (\S+)@\n", re.MULTILINE)
_VALUE = re.compile(r"@([A-Z_]+)@")


def filled_in(file: str, **values: str) -> str:
    """The script of that name with these values, each quoted for the script's language."""
    return _VALUE.sub(lambda found: values[found[1]], _script(file))


@cache
def _script(file: str) -> str:
    text = (_FOLDER / file).read_text(encoding="utf-8")
    return _INCLUDE.sub(lambda found: _script(found[1]), text)
