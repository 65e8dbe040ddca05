"""What becomes of what owners paste and upload."""

import pytest

from orgs.invitation_lines import Outcome, lines_of_csv, lines_of_text, outcomes, read
from orgs.models import User


@pytest.mark.parametrize(
    ("typed", "email", "username"),
    [
        ("zoe@example.com", "zoe@example.com", ""),
        ("  Zoe@Example.COM ", "zoe@example.com", ""),
        ("Zoe Zhang <zoe@example.com>", "zoe@example.com", ""),
        ('"Zhang" <Zoe@example.com>', "zoe@example.com", ""),
        ("mel", "", "mel"),
        ("@Mel", "", "mel"),
        ("not a name", "", ""),
        ("a@b", "", ""),
        ("zoe@example.com\x00", "", ""),
        ("me\x00l", "", ""),
        ("zoe@@example.com", "", ""),
        (f"{'a' * 250}@example.com", "", ""),
        ("a" * 31, "", ""),
        ("=cmd|' /C calc'!A0", "", ""),
    ],
)
def test_a_line_is_read(typed: str, email: str, username: str) -> None:
    invitee = read(typed)
    assert (invitee.email, invitee.username) == (email, username)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a@x.example\nb@x.example", ["a@x.example", "b@x.example"]),
        ("a@x.example, b@x.example;mel\r\n\r\n gus ", ["a@x.example", "b@x.example", "mel", "gus"]),
        ("Zoe Zhang <z@x.example>, mel", ["Zoe Zhang <z@x.example>", "mel"]),
        (" ,;\n", []),
    ],
)
def test_a_pasted_text_is_taken_apart(text: str, lines: list[str]) -> None:
    assert lines_of_text(text) == lines


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a@x.example\nmel\n", ["a@x.example", "mel"]),
        ("a@x.example,Zoe\nb@x.example,\n", ["a@x.example", "b@x.example"]),
        (
            "Name,Email,Team\nZoe,a@x.example,one\n,,\nYan,b@x.example",
            ["a@x.example", "b@x.example"],
        ),
        ('User name\n"mel"\n', ["mel"]),
        ("Name,Email\nZoe\n", []),
        ("", []),
        ("\n\n", []),
    ],
)
def test_a_file_is_read_by_its_column(text: str, lines: list[str]) -> None:
    assert lines_of_csv(text) == lines


def test_each_line_has_one_outcome() -> None:
    lines = ["zoe@example.com", "ZOE@example.com", "mel", "gus", "nobody", "yan@example.com", "!"]
    nina, mel = User(username="nina"), User(username="mel")
    looked = outcomes(
        map(read, [*lines, "nina", "nina"]),
        users={"nina": nina, "mel": mel},
        members={"mel"},
        invited={"gus", "yan@example.com"},
    )
    assert [line.outcome for line in looked] == [
        Outcome.VALID,
        Outcome.DUPLICATE,
        Outcome.MEMBER,
        Outcome.INVITED,
        Outcome.UNKNOWN,
        Outcome.INVITED,
        Outcome.MALFORMED,
        Outcome.VALID,
        Outcome.DUPLICATE,
    ]
    assert [line.number for line in looked] == list(range(1, 10))
    assert looked[7].user == nina
