"""What is found about a list (S1, S3): the table, what no table can hold, and anything at all."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enforcement.allowed_orgs import MOST_BYTES, MOST_NAMES, Code, read_file, read_properties
from enforcement.artefacts.files import registry_json
from orgs.names import NAME_PATTERN, is_name
from tests.permissions.core.strategies import steady
from tests.permissions.core.tables import rows


@pytest.mark.parametrize("case", rows("allowed_orgs.md", "file"), ids=lambda case: case["file"])
def test_s3_the_table(case: dict[str, str]) -> None:
    read = read_file(case["file"].encode())

    spoils = [finding.code for finding in read.findings if finding.code.spoils]
    reported = [finding.code for finding in read.findings if not finding.code.spoils]
    assert (spoils, reported) == (case["spoils"].split(), case["reported"].split())
    assert read.names == tuple(case["names"].split())


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_s1_another_encoding_is_said_to_be_one(encoding: str) -> None:
    (finding,) = read_file('{"allowedOrgs":["acme"]}'.encode(encoding)).findings
    assert finding.code is Code.NOT_UTF8
    assert "Save it as UTF-8" in finding.message


def test_s1_bytes_of_no_encoding_are_pointed_at() -> None:
    (finding,) = read_file(b'{"allowedOrgs":["acm\xe9"]}').findings
    assert finding.code is Code.NOT_UTF8
    assert "from byte 21 on" in finding.message


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b" " * (MOST_BYTES + 1), Code.TOO_LARGE),
        (b"[" * MOST_BYTES, Code.TOO_DEEP),
        (b'{"a":' * (MOST_BYTES // 5), Code.TOO_DEEP),
        (b"9" * MOST_BYTES, Code.NOT_AN_OBJECT),
        (registry_json(["aa"] * (MOST_NAMES + 1)), Code.TOO_MANY),
    ],
)
def test_s3_what_is_huge_is_named_and_not_read(content: bytes, code: Code) -> None:
    (finding,) = read_file(content).findings
    assert finding.code is code


def test_s3_a_mistake_is_shown_where_it_is() -> None:
    messages = {
        '{\n "allowedOrgs": ["acme",]\n}': "at line 2, character 25",
        '{"allowedOrgs":["ACME"]}': 'Entry 1, "ACME", has upper-case letters. Write "acme".',
        '{"allowedorgs":["acme"]}': 'It has "allowedorgs": letter case counts.',
        '{"allowedOrgs":["acme","\u0430cme"]}': "U+0430 (CYRILLIC SMALL LETTER A)",
    }
    for text, expected in messages.items():
        (finding,) = read_file(text.encode()).findings
        assert expected in finding.message


def test_properties_of_a_machine_may_hold_other_things() -> None:
    read = read_properties(b'{"hostname":"laptop-17","allowedOrgs":["acme"]}')
    assert (read.names, read.findings) == (("acme",), ())
    twice = read_properties(b'{"allowedOrgs":["acme"],"allowedOrgs":["globex"]}')
    assert [finding.code for finding in twice.findings] == [Code.DUPLICATE_KEY]


names = st.from_regex(NAME_PATTERN, fullmatch=True).filter(is_name)
anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text() | names,
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("allowedOrgs"), inner),
)


@steady
@given(st.lists(names, min_size=1, max_size=20))
def test_what_the_page_hands_out_has_no_faults(chosen: list[str]) -> None:
    once = list(dict.fromkeys(chosen))
    read = read_file(registry_json(once))
    assert (read.names, read.findings) == (tuple(once), ())


@steady
@given(anything)
def test_only_lists_of_names_let_anybody_in(document: Any) -> None:
    _holds_together(json.dumps(document).encode(), document)


@steady
@given(anything)
def test_only_lists_of_names_let_anybody_in_whatever_else_there_is(value: Any) -> None:
    document = {"allowedOrgs": value}
    _holds_together(json.dumps(document, ensure_ascii=False).encode("utf-8", "replace"), document)


@steady
@given(st.binary() | st.text().map(lambda text: text.encode("utf-16")))
def test_no_bytes_are_too_much(content: bytes) -> None:
    for read in (read_file(content), read_properties(content)):
        assert read.spoilt_by is not None
        assert read.names == ()


@steady
@given(st.data())
def test_a_spoilt_file_never_lets_in_more_than_the_sound_one(data: st.DataObject) -> None:
    content = registry_json(data.draw(st.lists(names, min_size=1, max_size=3)))
    at = data.draw(st.integers(0, len(content)))
    cut = data.draw(st.integers(at, len(content)))
    spoilt = content[:at] + data.draw(st.binary(max_size=4)) + content[cut:]
    read = read_file(spoilt)
    assert (read.spoilt_by is None) == bool(read.names)
    if read.names:
        document = json.loads(spoilt)
        assert list(read.names) == list(dict.fromkeys(document["allowedOrgs"]))


def _holds_together(content: bytes, document: Any) -> None:
    """What was read is what is there, or nothing; and every sentence can stand anywhere."""
    read = read_file(content)
    value = document.get("allowedOrgs") if isinstance(document, dict) else None
    sound = (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(entry, str) and is_name(entry) for entry in value)
        and sum(key.casefold() == "allowedorgs" for key in document) == 1
    )
    assert (read.spoilt_by is None) == sound
    assert read.names == (tuple(dict.fromkeys(value or ())) if sound else ())
    for finding in read.findings:
        assert finding.message.isascii()
        assert finding.message.isprintable()
