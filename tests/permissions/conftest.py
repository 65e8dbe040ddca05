"""What the tests of the rules share."""

from collections.abc import Iterator

import pytest

from tests.services.feed import FeedServer, feed_server


@pytest.fixture
def feed() -> Iterator[FeedServer]:
    """A web server that answers as the test tells it."""
    with feed_server() as server:
        yield server
