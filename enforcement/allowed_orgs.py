"""Reading a machine's list of allowed organizations, and what is wrong with it (S1, S3).

Pure. What Docker Desktop might read in more than one way is an error: a list with one is nobody's
list, and lets nobody in.
"""

import json
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from orgs.names import NAME_RULE, is_name
from permissions.core.text import shown

KEY = "allowedOrgs"
MOST_BYTES = 64 * 1024
MOST_NAMES = 1000

_MARK = b"\xef\xbb\xbf"
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")


class Code(StrEnum):
    """What can be found about a list: stable codes that programs may rely on."""

    TOO_LARGE = "too_large"
    BYTE_ORDER_MARK = "byte_order_mark"
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    TRAILING_COMMA = "trailing_comma"
    TOO_DEEP = "too_deep"
    NOT_AN_OBJECT = "not_an_object"
    MISSING_KEY = "missing_key"
    DUPLICATE_KEY = "duplicate_key"
    NOT_A_LIST = "not_a_list"
    EMPTY_LIST = "empty_list"
    TOO_MANY = "too_many"
    NOT_A_STRING = "not_a_string"
    UPPER_CASE = "upper_case"
    FOREIGN_CHARACTER = "foreign_character"
    NOT_A_NAME = "not_a_name"
    UNKNOWN_KEY = "unknown_key"
    DUPLICATE_NAME = "duplicate_name"
    UNKNOWN_ORGANIZATION = "unknown_organization"
    MORE = "more"

    @property
    def spoils(self) -> bool:
        """Whether the whole list is worth nothing with it; the others are reported and ignored."""
        return self not in _IGNORED


_IGNORED = frozenset({Code.UNKNOWN_KEY, Code.DUPLICATE_NAME, Code.UNKNOWN_ORGANIZATION, Code.MORE})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about a list that somebody should know, in a sentence."""

    code: Code
    message: str


@dataclass(frozen=True, slots=True)
class AllowedOrgs:
    """The names in a list, each once and in its order, and what was found about it.

    A list that is not valid has no names.
    """

    names: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def spoilt_by(self) -> Finding | None:
        """The first thing for which the whole list is worth nothing, or None if it is valid."""
        return next((finding for finding in self.findings if finding.code.spoils), None)


def read_file(content: bytes) -> AllowedOrgs:
    """Read the bytes of a `registry.json`."""
    if len(content) > MOST_BYTES:
        return _nothing(_too_large())
    if content.startswith(_WIDE_MARKS) or b"\x00" in content[:2]:
        return _nothing(
            Finding(
                Code.NOT_UTF8,
                "The file is not UTF-8 but UTF-16 or UTF-32, as some editors and older "
                "PowerShells write it. Save it as UTF-8 without a byte order mark.",
            )
        )
    before = []
    if content.startswith(_MARK):
        mark = "The file begins with a byte order mark. Save it as UTF-8 without one."
        before.append(Finding(Code.BYTE_ORDER_MARK, mark))
    return _read(content.removeprefix(_MARK), before, others_are_odd=True)


def read_properties(content: bytes) -> AllowedOrgs:
    """Read the list out of a JSON object that may have other things in it."""
    if len(content) > MOST_BYTES:
        return _nothing(_too_large())
    return _read(content, [], others_are_odd=False)


@dataclass(frozen=True, slots=True)
class _Object:
    """A JSON object with all its keys, the repeated ones too."""

    pairs: Sequence[tuple[str, Any]]


def _read(content: bytes, before: Sequence[Finding], *, others_are_odd: bool) -> AllowedOrgs:
    document = _document(content)
    if isinstance(document, Finding):
        return _nothing(*before, document)
    if not isinstance(document, _Object):
        wrong = f"It must be an object with the key {KEY}, not {_kind(document)}."
        return _nothing(*before, Finding(Code.NOT_AN_OBJECT, wrong))
    findings = [*before, *_about_keys(document, others_are_odd=others_are_odd)]
    value = next((value for key, value in document.pairs if key == KEY), None)
    if any(key == KEY for key, _ in document.pairs):
        findings += _about_value(value)
    if any(finding.code.spoils for finding in findings):
        return _nothing(*findings)
    assert isinstance(value, list)
    return AllowedOrgs(tuple(dict.fromkeys(value)), tuple(findings))


def _document(content: bytes) -> Any:
    """The parsed JSON, or the finding that it is none."""
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        where = f"It is not UTF-8 from byte {error.start + 1} on. Save it as UTF-8."
        return Finding(Code.NOT_UTF8, where)
    if not text.strip():
        return Finding(Code.NOT_JSON, "The file is empty.")
    try:
        # Numbers don't matter here, and integers of many digits would take long.
        return json.loads(
            text, object_pairs_hook=_Object, parse_int=float, parse_constant=_no_constant
        )
    except RecursionError:
        return Finding(Code.TOO_DEEP, "It is nested more deeply than anything can read.")
    except json.JSONDecodeError as error:
        where = f"at line {error.lineno}, character {error.colno}"
        if _is_trailing_comma(text, error.pos):
            return Finding(
                Code.TRAILING_COMMA,
                f"It is not JSON: {where} a comma has nothing after it. Take the comma out.",
            )
        why = error.msg.removesuffix(" at").lower()
        return Finding(Code.NOT_JSON, f"It is not JSON: {where}: {why}.")
    except ValueError as error:
        return Finding(Code.NOT_JSON, f"It is not JSON: {error}.")


def _no_constant(name: str) -> None:
    raise ValueError(f"it has no {name}")


def _is_trailing_comma(text: str, at: int) -> bool:
    """Whether an error is of a comma before a bracket: parsers differ in which they point at."""
    comma = text[:at].rstrip().endswith(",") or text[at : at + 1] == ","
    return comma and text[at:].lstrip(", \t\r\n").startswith(("]", "}"))


def _about_keys(document: _Object, *, others_are_odd: bool) -> Iterator[Finding]:
    keys = [key for key, _ in document.pairs]
    alike = [key for key in keys if key.casefold() == KEY.casefold()]
    if KEY not in keys:
        spelled = f" It has {shown(alike[0])}: letter case counts." if alike else ""
        yield Finding(Code.MISSING_KEY, f"The key {KEY} is missing.{spelled}")
    elif len(alike) > 1:
        yield Finding(
            Code.DUPLICATE_KEY,
            f"The key {KEY} is there {len(alike)} times, and which one counts depends on who "
            "reads it. Keep one.",
        )
    if others_are_odd:
        for key in dict.fromkeys(key for key in keys if key not in alike):
            yield Finding(Code.UNKNOWN_KEY, f"The key {shown(key)} means nothing and is ignored.")


def _about_value(value: Any) -> Iterator[Finding]:
    if not isinstance(value, list):
        wrong = f'{KEY} must be a list of names, such as ["acme"], not {_kind(value)}.'
        yield Finding(Code.NOT_A_LIST, wrong)
    elif not value:
        yield Finding(Code.EMPTY_LIST, f"{KEY} is empty. Put an organization's name into it.")
    elif len(value) > MOST_NAMES:
        many = f"{KEY} has {len(value)} entries. Keep it to {MOST_NAMES}."
        yield Finding(Code.TOO_MANY, many)
    else:
        yield from _about_entries(value)


def _about_entries(entries: Sequence[Any]) -> Iterator[Finding]:
    seen = set()
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, str):
            wrong = f"Entry {number} must be a name, not {_kind(entry)}."
            yield Finding(Code.NOT_A_STRING, wrong)
        elif not is_name(entry):
            yield _about_name(f"Entry {number}, {shown(entry)},", entry)
        elif entry in seen:
            again = f"Entry {number}, {shown(entry)}, is there already; once is enough."
            yield Finding(Code.DUPLICATE_NAME, again)
        else:
            seen.add(entry)


def _about_name(which: str, name: str) -> Finding:
    foreign = next((character for character in name if not character.isascii()), None)
    if foreign is not None:
        called = unicodedata.name(foreign, "without a name")
        return Finding(
            Code.FOREIGN_CHARACTER,
            f"{which} has the character U+{ord(foreign):04X} ({called}), however much it may look "
            f"like another. {NAME_RULE}",
        )
    if is_name(name.lower()):
        return Finding(
            Code.UPPER_CASE, f"{which} has upper-case letters. Write {shown(name.lower())}."
        )
    return Finding(Code.NOT_A_NAME, f"{which} is no organization's name. {NAME_RULE}")


def _kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case str():
            return "a text"
        case float():
            return "a number"
        case list():
            return "a list"
        case _:
            return "an object"


def _too_large() -> Finding:
    return Finding(Code.TOO_LARGE, f"It is larger than {MOST_BYTES // 1024} KiB.")


def _nothing(*findings: Finding) -> AllowedOrgs:
    return AllowedOrgs((), findings)
