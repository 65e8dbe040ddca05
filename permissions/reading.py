"""Reading what several decisions are made from once, as of one moment."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from permissions.queries import one_moment

R = TypeVar("R")

_known: ContextVar[dict[Hashable, Any] | None] = ContextVar("known", default=None)


@contextmanager
def reading_once() -> Iterator[None]:
    """Make all decisions inside see one moment, and read each fact for the first of them only."""
    with one_moment():
        before = _known.set({})
        try:
            yield
        finally:
            _known.reset(before)


@contextmanager
def moment() -> Iterator[None]:
    """One decision's moment: its own, or the one that several share."""
    if _known.get() is not None:
        yield
    else:
        with one_moment():
            yield


def once(read: Callable[..., R], *arguments: Hashable) -> R:
    """What `read` returns for these arguments, asked once where several decisions share it."""
    known = _known.get()
    if known is None:
        return read(*arguments)
    key = (read, arguments)
    if key not in known:
        known[key] = read(*arguments)
    found: R = known[key]
    return found
