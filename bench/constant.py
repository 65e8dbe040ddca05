"""The bare Python server: the same answer whatever is asked, after the body was read."""

from collections.abc import Callable, Iterable
from typing import Any

BODY = b'{"decision":false}'
HEADERS = [("Content-Type", "application/json"), ("Content-Length", str(len(BODY)))]


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    environ["wsgi.input"].read()
    start_response("200 OK", HEADERS)
    return [BODY]
