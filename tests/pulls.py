"""Lines of the pull log by the names of their columns, as tests think of them."""

from dataclasses import fields
from typing import Any

from audit.pull_log import Decided, Pull, new_key

_OF_DECIDED = {field.name for field in fields(Decided)}


def pull_with(**columns: Any) -> Pull:
    """A line with these columns, under a key of its own unless one is given."""
    decided = {name: columns.pop(name) for name in list(columns) if name in _OF_DECIDED}
    return Pull(decided=Decided(**decided), **({"key": new_key()} | columns))
