"""The sentences about what is wrong, word for word."""

from collections.abc import Callable

import pytest

from permissions.core.catalog import Catalog, CatalogEntry, CatalogKind, InvalidEntry
from permissions.core.own_rules import parse_target
from permissions.core.reference import parse
from permissions.core.scope import MAX_SCOPES, InvalidScope, parse_scope, split_scopes
from permissions.core.text import one_line, shown
from tests.permissions.core.tables import rows

READERS: dict[str, Callable[[str], object]] = {
    "image": parse,
    "scope": parse_scope,
    "scopes": lambda text: split_scopes([text]),
    "catalogue entry": lambda path: CatalogEntry(path, CatalogKind.VERIFIED_PUBLISHER, path),
    "publisher": lambda path: CatalogEntry(path, CatalogKind.VERIFIED_PUBLISHER, path),
    "official": lambda path: CatalogEntry(path, CatalogKind.OFFICIAL, path),
    "target": parse_target,
}


@pytest.mark.parametrize("case", rows("problems.md", "read as"), ids=lambda c: c["sentence"][:60])
def test_sentences(case: dict[str, str]) -> None:
    with pytest.raises(ValueError) as problem:  # noqa: PT011 each reader raises its own
        READERS[case["read as"]](case["text"])
    assert str(problem.value) == case["sentence"]


def test_sentences_about_several_at_once() -> None:
    with pytest.raises(InvalidScope, match=r"^More than 100 scopes are asked for at once\.$"):
        split_scopes(["a:b:c"] * (MAX_SCOPES + 1))
    entry = CatalogEntry("grafana", CatalogKind.VERIFIED_PUBLISHER, "Grafana")
    with pytest.raises(InvalidEntry, match=r"^The catalogue lists a path more than once\.$"):
        Catalog((entry, entry))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nginx", '"nginx"'),
        ("", '""'),
        ('say "hi"', '"say \\x22hi\\x22"'),
        ("a\nb\x00\x1b", '"a\\nb\\x00\\x1b"'),
        ("a" * 80, '"' + "a" * 80 + '"'),
        ("a" * 81, '"' + "a" * 77 + '..."'),
        ("\n" * 40, '"' + "\\n" * 40 + '"'),
        ("\n" * 41, '"' + "\\n" * 38 + "\\..." + '"'),
        ("\U0001f433", '"\\U0001f433"'),
    ],
)
def test_what_strangers_wrote_is_shown_escaped_and_cut(text: str, expected: str) -> None:
    assert shown(text) == expected


def test_what_owners_wrote_stays_in_its_line() -> None:
    assert one_line("K\xfcche,\r\nnow\u2028\x7f!") == "K\xfcche,  now  !"
