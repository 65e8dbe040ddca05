"""What owners paste or upload to invite people: lines, and what can become of each."""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from orgs.models import User
from orgs.names import is_name

MOST_LINES = 1_000
MOST_CHARACTERS = 254
# How other products call the column with the people.
HEADINGS = ("email", "e-mail", "email address", "e-mail address", "username", "user name")
_NAMED = re.compile(r"[^<>]*<([^<>]+)>")


class Outcome(StrEnum):
    VALID = "valid"
    MEMBER = "member"
    INVITED = "invited"
    UNKNOWN = "unknown"
    MALFORMED = "malformed"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what was typed, which address or user name that is, and what becomes of it."""

    number: int
    text: str
    outcome: Outcome
    email: str = ""
    user: User | None = None


@dataclass(frozen=True, slots=True)
class Invitee:
    """What a line says: an e-mail address, a user name, or neither."""

    text: str
    email: str = ""
    username: str = ""

    @property
    def key(self) -> str:
        return self.email or self.username


def lines_of_text(text: str) -> list[str]:
    """The people in a pasted text: one a line, or separated by commas or semicolons."""
    parts = (part.strip() for part in re.split(r"[\r\n,;\t]+", text))
    return [part for part in parts if part]


def lines_of_csv(text: str) -> list[str]:
    """The people in a CSV file: of the column that says so, else of the first."""
    rows = [row for row in csv.reader(text.splitlines()) if any(cell.strip() for cell in row)]
    head = [cell.strip().lower() for cell in rows[0]] if rows else []
    column = next((head.index(name) for name in HEADINGS if name in head), None)
    people = rows if column is None else rows[1:]
    cells = (row[column or 0].strip() if len(row) > (column or 0) else "" for row in people)
    return [cell for cell in cells if cell]


def read(text: str) -> Invitee:
    """An e-mail address (`Zoe Zhang <zoe@example.com>` too) or a user name, lower-case."""
    named = _NAMED.fullmatch(text)
    wanted = (named[1] if named else text).strip().removeprefix("@").lower()
    if "@" not in wanted:
        return Invitee(text, username=wanted if is_name(wanted) else "")
    try:
        validate_email(wanted)
    except ValidationError:
        return Invitee(text)
    return Invitee(text, email=wanted if len(wanted) <= MOST_CHARACTERS else "")


def outcomes(
    invitees: Iterable[Invitee],
    *,
    users: dict[str, User],
    members: set[str],
    invited: set[str],
) -> list[Line]:
    """What becomes of each line. `users` are by name; the other two hold names and addresses."""
    seen: set[str] = set()
    lines = []
    for number, one in enumerate(invitees, start=1):
        outcome = _outcome(one, seen, users, members, invited)
        lines.append(Line(number, one.text, outcome, one.email, users.get(one.username)))
        seen.add(one.key)
    return lines


def _outcome(
    one: Invitee, seen: set[str], users: dict[str, User], members: set[str], invited: set[str]
) -> Outcome:
    if not one.key:
        return Outcome.MALFORMED
    if one.key in seen:
        return Outcome.DUPLICATE
    if one.key in members:
        return Outcome.MEMBER
    if one.key in invited:
        return Outcome.INVITED
    # Whether somebody has an account with an e-mail address is nobody's business.
    if one.username and one.username not in users:
        return Outcome.UNKNOWN
    return Outcome.VALID
