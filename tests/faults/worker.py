"""The site's application, with what a test may not wait for shortened, and one fault to be caught.

`HUBADMIN_TEST_LEASE` is the lease in seconds. `HUBADMIN_TEST_DEAF` makes a worker that looks at the
changes and forgets nothing: the build that a test must catch.
"""

import os
from typing import Any

from permissions.snapshots import store


def _deaf(self: store.Store, tags: Any, position: store.Position) -> None:
    self.position = position


if "HUBADMIN_TEST_LEASE" in os.environ:
    store.LEASE_SECONDS = float(os.environ["HUBADMIN_TEST_LEASE"])
if os.environ.get("HUBADMIN_TEST_DEAF"):
    store.Store._forget = _deaf  # type: ignore[method-assign]

# Whose thread begins to look as soon as it is imported.
from hubadmin.wsgi import application  # noqa: E402

__all__ = ["application"]
