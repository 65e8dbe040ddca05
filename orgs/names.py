"""The one space of names that users and organizations share."""

import re
from collections.abc import Callable
from typing import Any

from django.core.validators import MaxLengthValidator, RegexValidator

# Two characters at least, since the group must match once.
NAME_PATTERN = r"^[a-z0-9]([-_]?[a-z0-9])+$"
NAME_MAX_LENGTH = 30

NAME_RULE = (
    f"A name has 2 to {NAME_MAX_LENGTH} characters: lower-case letters a-z and "
    "digits, with single - or _ between them."
)

# \Z, because $ also matches before a trailing newline.
NAME_VALIDATORS: list[Callable[[Any], None]] = [
    RegexValidator(NAME_PATTERN.replace("$", r"\Z"), NAME_RULE, code="invalid_name"),
    MaxLengthValidator(NAME_MAX_LENGTH, NAME_RULE),
]

ACCOUNT_NAME_VALIDATORS = NAME_VALIDATORS

_NAME = re.compile(NAME_PATTERN.removeprefix("^").removesuffix("$"))


def is_name(text: str) -> bool:
    """Whether a text could be a name at all; what could not is never looked up."""
    return len(text) <= NAME_MAX_LENGTH and _NAME.fullmatch(text) is not None


class NameConverter:
    """The `<name:org>` of URL patterns: a path with anything else doesn't exist."""

    regex = "[a-z0-9]([-_]?[a-z0-9])+"

    def to_python(self, value: str) -> str:
        if len(value) > NAME_MAX_LENGTH:
            raise ValueError
        return value

    def to_url(self, value: str) -> str:
        return value
