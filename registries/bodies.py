"""Reading a request's body from a WSGI environ, with or without its length."""

from typing import Any


class TooLarge(Exception):
    """The body is longer than the caller takes."""


def declared_length(environ: dict[str, Any]) -> int | None:
    """The body's length in bytes, or None if the request doesn't tell it, as in chunks."""
    length = environ.get("CONTENT_LENGTH") or ""
    return int(length) if length.isdigit() and length.isascii() else None


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
    body = _read(environ["wsgi.input"], wanted)
    if len(body) > most:
        raise TooLarge
    return body


def _read(stream: Any, wanted: int) -> bytes:
    """So many bytes, or what there is: a stream may give less at a time than it is asked for."""
    body: bytes = stream.read(wanted) if wanted else b""
    if len(body) == wanted:
        return body
    chunks, left = [body], wanted - len(body)
    while left > 0 and (chunk := stream.read(left)):
        chunks.append(chunk)
        left -= len(chunk)
    return b"".join(chunks)
