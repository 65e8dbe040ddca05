"""A feed's web server on real sockets, which answers as told: well, badly, slowly or for ever."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from threading import Thread
from typing import Any

Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Gives the next of the answers; the last one again and again."""

    server: "FeedServer"

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers)))
        answers = self.server.answers
        # A client that has heard enough hangs up.
        with suppress(OSError):
            (answers.pop(0) if len(answers) > 1 else answers[0])(self)

    def log_message(self, format: str, *args: Any) -> None:
        pass


class FeedServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[Answer] = []
        self.asked: list[tuple[str, dict[str, str]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/catalog.json"

    def will(self, *answers: Answer) -> None:
        """What it answers from now on."""
        self.answers[:] = answers
        self.asked.clear()

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


@contextmanager
def feed_server(certificate: tuple[Path, Path] | None = None) -> Iterator[FeedServer]:
    """Serves until the block is left; with a certificate and its key, by TLS."""
    with FeedServer() as server:
        if certificate is not None:
            context = SSLContext(PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def answer(body: bytes = b"", status: int = 200, **headers: str) -> Answer:
    """A whole answer. Underscores in the names of headers are hyphens."""

    def give(handler: Handler) -> None:
        fields = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        fields |= {name.replace("_", "-").title(): value for name, value in headers.items()}
        handler.send_response(status)
        for name, value in fields.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return give


def half(body: bytes) -> Answer:
    """Promises the whole body, sends half of it, and hangs up."""

    def give(handler: Handler) -> None:
        _head(handler, len(body))
        handler.wfile.write(body[: len(body) // 2])

    return give


def slow(body: bytes, pause: float) -> Answer:
    """One byte at a time."""

    def give(handler: Handler) -> None:
        _head(handler, len(body))
        for byte in body:
            handler.wfile.write(bytes([byte]))
            time.sleep(pause)

    return give


def slow_head(pause: float) -> Answer:
    """Not even the headers ever come to their end."""

    def give(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while True:
            handler.wfile.write(b"x")
            time.sleep(pause)

    return give


def endless() -> Answer:
    """Bytes without end."""

    def give(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.end_headers()
        while True:
            handler.wfile.write(b" " * 65_536)

    return give


def hang_up() -> Answer:
    """Not a word."""
    return lambda handler: None


def _head(handler: Handler, length: int) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(length))
    handler.end_headers()
