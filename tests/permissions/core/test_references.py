"""The table of references, and what holds for every text."""

import re
from typing import Final, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from permissions.core.reference import (
    HUB,
    MAX_LENGTH,
    ImageReference,
    InvalidReference,
    fold,
    fold_host,
    parse,
    parse_namespace,
)
from tests.permissions.core.strategies import references, steady, texts
from tests.permissions.core.tables import rows

READ = rows("references.md", "reference")
REFUSED = rows("references.md", "refused")
FOLDED = rows("references.md", "folded from")
MIRRORS = frozenset({"mirror.example", "mirror.example:8443"})


@pytest.mark.parametrize("case", READ, ids=lambda c: c["reference"][:60])
def test_read(case: dict[str, str]) -> None:
    tag, digest = (None if case[part] == "-" else case[part] for part in ("tag", "digest"))
    expected = ImageReference(case["host"], case["path"], tag, digest)
    assert parse(case["reference"]) == expected
    assert parse(str(expected)) == expected


@pytest.mark.parametrize("case", REFUSED, ids=lambda c: c["why"])
def test_refused(case: dict[str, str]) -> None:
    with pytest.raises(InvalidReference) as refusal:
        parse(case["refused"])
    sentence = str(refusal.value)
    assert case["part"] in sentence
    assert sentence.isascii()
    assert sentence.isprintable()
    assert sentence.endswith(".")
    assert len(sentence) < 400


@pytest.mark.parametrize("case", FOLDED, ids=lambda c: c["folded from"][:60])
def test_folded(case: dict[str, str]) -> None:
    assert str(fold(parse(case["folded from"]), MIRRORS)) == case["repository"]


def test_the_table_is_long_enough() -> None:
    assert len(READ) + len(REFUSED) >= 120


class OnlyALength:
    """Stands in for a text of ten million characters; whoever looks at one of them fails."""

    def __len__(self) -> int:
        return 10_000_000


def test_ten_megabytes_are_refused_by_their_length_alone() -> None:
    with pytest.raises(InvalidReference, match="10000000 characters long: at most 4096"):
        parse(cast("str", OnlyALength()))
    with pytest.raises(InvalidReference, match="10000011 characters long: at most 4096"):
        parse("docker.io/" + "a/" * 5_000_000 + "a")


def test_a_namespace_too_is_refused_by_its_length_alone() -> None:
    with pytest.raises(InvalidReference, match="10000000 characters long: at most 4096"):
        parse_namespace(cast("str", OnlyALength()))


def test_the_limit_itself_is_not_too_long() -> None:
    host = "h" * (MAX_LENGTH - len(".example/app")) + ".example"
    assert parse(f"{host}/app").host == host
    with pytest.raises(InvalidReference, match="4097 characters long"):
        parse(f"h{host}/app")


# The documented grammar as one expression over a completed name: written down a second time,
# because the parser takes texts apart piece by piece and so could disagree with it.
_LABEL: Final = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_PART: Final = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_GRAMMAR: Final = re.compile(
    rf"(?P<host>(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?)"
    rf"/(?P<path>{_PART}(?:/{_PART})*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?"
    r"(?:@(?P<digest>sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128}))?"
)


def _by_the_grammar(text: str) -> ImageReference | None:
    first, slash, rest = text.partition("/")
    if re.fullmatch("[a-f0-9]{64}", text):
        return None
    hosted = first == "localhost" or set(".:") & set(first) or first.lower() != first
    host, rest = (first, rest) if slash and hosted else (HUB, text)
    if host in {HUB, "index.docker.io"}:
        host, rest = HUB, rest if "/" in rest else f"library/{rest}"
    match = _GRAMMAR.fullmatch(f"{host}/{rest}")
    if match is None or len(match["path"]) > 255 or len(text) > MAX_LENGTH:
        return None
    return ImageReference(**match.groupdict())


@steady
@given(texts)
@example("a.b/c:d/e@f")
@example("localhost:5000@sha256:x")
def test_reading_agrees_with_the_grammar(text: str) -> None:
    try:
        read = parse(text)
    except InvalidReference:
        read = None
    assert read == _by_the_grammar(text)


@steady
@given(references)
def test_formatting_then_reading_gives_the_same(text: str) -> None:
    read = parse(text)
    assert parse(str(read)) == read


@steady
@given(references, st.frozensets(st.sampled_from(["a.example", "localhost:5000", "b", "[::1]"])))
def test_folding_twice_is_folding_once(text: str, mirrors: frozenset[str]) -> None:
    folded = fold(parse(text), mirrors)
    assert fold(ImageReference(folded.host, folded.path), mirrors) == folded
    assert fold_host(folded.host) == folded.host


@steady
@given(references)
def test_case_of_the_host_and_port_443_change_nothing(text: str) -> None:
    read = parse(text)
    folded = fold(read)
    assert fold(ImageReference(read.host.swapcase(), read.path)) == folded
    if not re.search(r":[0-9]+$", read.host):
        assert fold(ImageReference(f"{read.host}:443", read.path)) == folded
