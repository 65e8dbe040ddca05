"""Showing what others wrote, inside a sentence that travels in headers, logs and terminals."""

_LONGEST_ECHO = 80


def shown(text: str) -> str:
    """Return `text` in double quotes, ASCII only, control characters escaped, at most 80 long."""
    # Cut before escaping as well as after: escaping a long text first would not be bounded work.
    escaped = text[:_LONGEST_ECHO].encode("unicode_escape").decode("ascii").replace('"', "\\x22")
    if len(escaped) > _LONGEST_ECHO or len(text) > _LONGEST_ECHO:
        escaped = f"{escaped[: _LONGEST_ECHO - 3]}..."
    return f'"{escaped}"'


def one_line(text: str) -> str:
    """Return `text` with whatever is not printable as a space, so that it stays in its line."""
    return "".join(character if character.isprintable() else " " for character in text)
