"""What holds when several workers share the tests, as a pytest plugin.

What measures how soon something happens runs while the other workers wait.
"""

import os
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from fcntl import LOCK_EX, LOCK_SH, flock
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
ROOMS_ALONE = frozenset({"faults"})


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return (yield)
    with ExitStack() as stack:
        # In turn: else whoever wants to be alone might wait for ever. The folders are the locks.
        with _locked(TESTS / "cases", LOCK_EX):
            alone = item.path.relative_to(TESTS).parts[0] in ROOMS_ALONE
            stack.enter_context(_locked(TESTS, LOCK_EX if alone else LOCK_SH))
        return (yield)


@contextmanager
def _locked(folder: Path, how: int) -> Iterator[None]:
    opened = os.open(folder, os.O_RDONLY)
    try:
        flock(opened, how)
        yield
    finally:
        os.close(opened)
