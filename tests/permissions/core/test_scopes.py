"""The table of scopes, and what holds for every text."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permissions.core.scope import (
    MAX_ACTIONS,
    MAX_LENGTH,
    MAX_SCOPES,
    InvalidScope,
    ResourceScope,
    merge,
    parse_scope,
    split_scopes,
)
from tests.permissions.core.strategies import steady
from tests.permissions.core.tables import rows

READ = rows("scopes.md", "scope")
REFUSED = rows("scopes.md", "refused")
MERGED = rows("scopes.md", "merged from")

scopes = st.builds(
    ResourceScope,
    type=st.sampled_from(["repository", "registry"]),
    name=st.sampled_from(["a", "b/c", "host:5000/d", ":"]),
    actions=st.lists(st.sampled_from(["pull", "push", "*"]), unique=True).map(tuple),
    type_class=st.sampled_from([None, "plugin"]),
)


@pytest.mark.parametrize("case", READ, ids=lambda c: c["scope"])
def test_read(case: dict[str, str]) -> None:
    actions = () if case["actions"] == "-" else tuple(case["actions"].split())
    type_class = None if case["class"] == "-" else case["class"]
    expected = ResourceScope(case["type"], case["name"], actions, type_class)
    assert parse_scope(case["scope"]) == expected
    assert parse_scope(str(expected)) == expected


@pytest.mark.parametrize("case", REFUSED, ids=lambda c: c["why"])
def test_refused(case: dict[str, str]) -> None:
    with pytest.raises(InvalidScope) as refusal:
        parse_scope(case["refused"])
    assert case["part"] in str(refusal.value)
    assert str(refusal.value).isascii()
    assert str(refusal.value).endswith(".")


@pytest.mark.parametrize("case", MERGED, ids=lambda c: c["merged from"])
def test_merged(case: dict[str, str]) -> None:
    merged = merge(map(parse_scope, split_scopes([case["merged from"]])))
    assert " ".join(map(str, merged)) == case["merged"]


def test_every_value_may_hold_several() -> None:
    assert split_scopes(["a:b:c d:e:f", "", "g:h:i"]) == ["a:b:c", "d:e:f", "g:h:i"]
    assert split_scopes(["a:b:c\td:e:f"]) == ["a:b:c\td:e:f"]
    assert split_scopes([]) == []


def test_what_is_too_much_is_refused() -> None:
    assert len(split_scopes(["a:b:c"] * MAX_SCOPES)) == MAX_SCOPES
    with pytest.raises(InvalidScope, match="More than 100"):
        split_scopes(["a:b:c"] * (MAX_SCOPES + 1))
    with pytest.raises(InvalidScope, match="too long"):
        split_scopes(["a" * (MAX_SCOPES * MAX_LENGTH + 1)])


@steady
@given(st.one_of(st.text(), st.text("ab:,()*/ \n", max_size=20)))
def test_no_text_raises_anything_else(text: str) -> None:
    with suppress(InvalidScope):
        read = parse_scope(text)
        assert parse_scope(str(read)) == read


@steady
@given(st.lists(scopes))
def test_merging_twice_is_merging_once_and_loses_nothing(asked: list[ResourceScope]) -> None:
    merged = merge(asked)
    assert merge(merged) == merged
    assert {(s.type, s.type_class, s.name, a) for s in asked for a in s.actions} == {
        (s.type, s.type_class, s.name, a) for s in merged for a in s.actions
    }


def test_the_limits_themselves_are_allowed() -> None:
    longest = "a" * (MAX_LENGTH - len("repository::pull"))
    assert parse_scope(f"repository:{longest}:pull").name == longest
    most = ",".join("abcdefghijklmnop")
    assert len(parse_scope(f"repository:acme/app:{most}").actions) == MAX_ACTIONS
    assert split_scopes([" " * (MAX_SCOPES * MAX_LENGTH)]) == []
