"""Which tests one worker takes together when several share them, as a pytest plugin.

A file goes to one worker, in its order. So do the rooms whose tests share what takes long to
start. The file that visits every page takes longest, and its tests need nothing of each other.
"""

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
ROOMS_TOGETHER = frozenset({"clients", "deploy"})
FILES_APART = frozenset({"browser/test_every_page.py"})


def pytest_itemcollected(item: pytest.Item) -> None:
    file = item.path.relative_to(TESTS)
    room = file.parts[0]
    if file.as_posix() not in FILES_APART:
        part = room if room in ROOMS_TOGETHER else file.as_posix()
        item.add_marker(pytest.mark.xdist_group(part))
