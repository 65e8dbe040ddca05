"""What a save would change, in words: tests/cases/policy_changes.md."""

import pytest

from permissions.core.changes import changes
from permissions.core.policy import Mode, Policy
from tests.permissions.core.tables import rows


def policy(words: str) -> Policy:
    """Read `on monitor official`: what is on."""
    on = set(words.split())
    mode = Mode.MONITOR if "monitor" in on else Mode.ENFORCE
    return Policy("on" in on, "official" in on, "publishers" in on, mode)


@pytest.mark.parametrize(
    "row", rows("policy_changes.md", "from"), ids=lambda row: f"{row['from']} to {row['to']}"
)
def test_what_a_save_would_change_is_said_before(row: dict[str, str]) -> None:
    said = changes("acme", policy(row["from"]), policy(row["to"]), int(row["rules"]))
    expected = "" if row["what members are in for"] == "-" else row["what members are in for"]
    assert " ".join(said) == expected
