"""Feeds by TLS: whose certificate is believed, and by way of the proxy that a network wants."""

import base64
import select
import socket
import socketserver
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from permissions.catalog_fetch import Limits, Unreadable
from permissions.catalog_file import STARTER
from permissions.catalog_source import Source, SourceFormat, read_source
from tests.services.certificate import self_signed
from tests.services.feed import FeedServer, answer, feed_server

QUICK = Limits(connect=2, request=2, run=5, attempts=1)


class Tunnel(socketserver.StreamRequestHandler):
    """An HTTP proxy that knows CONNECT alone."""

    server: "Proxy"

    def handle(self) -> None:
        first, *rest = iter(lambda: self.rfile.readline().decode().strip(), "")
        self.server.asked.append((first, rest))
        host, _, port = first.split()[1].rpartition(":")
        with socket.create_connection((host, int(port))) as beyond:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            ends = {self.connection: beyond, beyond: self.connection}
            while True:
                for end in select.select(ends, [], [])[0]:
                    if not (heard := end.recv(65_536)):
                        return
                    ends[end].sendall(heard)


class Proxy(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Tunnel)
        self.asked: list[tuple[str, list[str]]] = []

    def handle_error(self, request: object, client_address: object) -> None:
        pass


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    return self_signed(tmp_path)


@pytest.fixture
def feed(certificate: tuple[Path, Path]) -> Iterator[FeedServer]:
    with feed_server(certificate) as server:
        server.will(answer(STARTER.read_bytes()))
        yield server


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    with Proxy() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        monkeypatch.setenv("https_proxy", f"http://us:s3cret@127.0.0.1:{server.server_address[1]}")
        yield server
        server.shutdown()
        thread.join()


def read(feed: FeedServer, host: str = "localhost") -> int:
    url = f"https://{host}:{feed.server_port}/catalog.json"
    found = read_source(Source(SourceFormat.HUBADMIN, (url,)), {}, QUICK)
    assert found is not None
    return len(found.catalog.entries)


def test_a_trusted_certificate_is_believed(
    feed: FeedServer, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    assert read(feed) > 50
    with pytest.raises(Unreadable, match="not trusted"):
        read(feed, "127.0.0.1")  # the certificate's name is localhost


def test_an_unknown_certificate_is_not(feed: FeedServer) -> None:
    with pytest.raises(Unreadable, match=r"localhost:\d+/catalog\.json is not trusted"):
        read(feed)
    assert feed.asked == []


def test_the_networks_proxy_is_asked_and_sees_no_request(
    feed: FeedServer,
    certificate: tuple[Path, Path],
    proxy: Proxy,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    monkeypatch.setenv("no_proxy", "elsewhere.example")
    assert read(feed) > 50
    [(first, headers)] = proxy.asked
    assert first.startswith(f"CONNECT localhost:{feed.server_port} ")
    secret = base64.b64encode(b"us:s3cret").decode()
    assert f"Proxy-Authorization: Basic {secret}" in headers
    assert "Proxy-Authorization" not in feed.asked[0][1]

    monkeypatch.setenv("no_proxy", "localhost")
    assert read(feed) > 50
    assert len(proxy.asked) == 1
