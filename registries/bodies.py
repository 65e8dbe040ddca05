"""Reading a request's body from a WSGI environ, with or without its length."""

from typing import Any


class TooLarge(Exception):
    """The body is longer than the caller takes."""


def declared_length(environ: dict[str, Any]) -> int | None:
    """The body's length in bytes, or None if the request doesn't tell it, as in chunks."""
    length = environ.get("CONTENT_LENGTH") or ""
    return int(length) if length.isascii() and length.isdigit() else None


def read_body(environ: dict[str, Any], most: int) -> bytes:
    """The whole body, chunked or not: granian ends the stream where the body ends.

    Raises `TooLarge` for more than `most` bytes.
    """
    length = declared_length(environ)
    if length is None:
        wanted = most + 1 if environ.get("wsgi.input_terminated") else 0
    elif length > most:
        raise TooLarge
    else:
        wanted = length
    chunks, left = [], wanted
    while left > 0 and (chunk := environ["wsgi.input"].read(left)):
        chunks.append(chunk)
        left -= len(chunk)
    body = b"".join(chunks)
    if len(body) > most:
        raise TooLarge
    return body
