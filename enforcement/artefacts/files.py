"""`registry.json`, which Docker Desktop reads on every platform (S1)."""

import json
from collections.abc import Sequence

from enforcement.artefacts.places import ALLOWED_ORGS


def registry_json(organizations: Sequence[str]) -> bytes:
    """The bytes of `registry.json`: UTF-8, no byte order mark, no trailing newline."""
    return json.dumps({ALLOWED_ORGS: list(organizations)}, separators=(",", ":")).encode()
