"""Looking at a registry from here, whoever chose where it is: real sockets, slow and rude ones."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from pathlib import Path

import pytest

from registries.challenge import Finding
from registries.probe import SECONDS, Answered, NotReached, check_address, probe
from tests.services.nginx import _self_signed

REALM, SERVICE = "http://localhost:8000/auth/token", "acme"
CHALLENGED = (
    "HTTP/1.1 401 Unauthorized\r\n"
    f'WWW-Authenticate: Bearer realm="{REALM}",service="{SERVICE}"\r\n'
    "Content-Length: 0\r\n\r\n"
).encode()

Behaviour = Callable[[socket.socket], None]


@contextmanager
def listening(
    behave: Behaviour, wrap: ssl.SSLContext | None = None
) -> Iterator[tuple[str, list[bytes]]]:
    """A server on localhost; its host and the first bytes of each request it got."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection, suppress(OSError):
                    spoken = wrap.wrap_socket(connection, server_side=True) if wrap else connection
                    with spoken:
                        heard.append(spoken.recv(4096))
                        behave(spoken)

        threading.Thread(target=serve, daemon=True).start()
        yield f"localhost:{server.getsockname()[1]}", heard


def look(host: str) -> Answered:
    return probe(host, realm=REALM, service=SERVICE, allow_loopback=False)


def answering(content: bytes) -> Behaviour:
    def behave(connection: socket.socket) -> None:
        connection.sendall(content)

    return behave


def test_a_registry_that_asks_us_is_found_over_plain_http() -> None:
    with listening(answering(CHALLENGED)) as (host, heard):
        answered = look(host)
    assert answered.challenge.finding is Finding.ASKS_BY_TOKEN
    assert answered.url == f"http://{host}/v2/"
    assert answered.address == "127.0.0.1"
    assert heard[-1].startswith(b"GET /v2/ HTTP/1.1\r\nHost: localhost:")
    assert b"Authorization" not in heard[-1]


def test_a_certificate_that_is_not_trusted_here_is_told_and_no_obstacle(tmp_path: Path) -> None:
    certificate, key = _self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with listening(answering(CHALLENGED), context) as (host, _):
        answered = look(host)
    assert answered.challenge.finding is Finding.ASKS_BY_TOKEN
    assert answered.url == f"https://{host}/v2/"
    assert "self" in answered.distrusted


def test_a_redirection_is_not_followed() -> None:
    with listening(answering(CHALLENGED)) as (elsewhere, heard):
        moved = f"HTTP/1.1 302 Found\r\nLocation: http://{elsewhere}/v2/\r\n\r\n".encode()
        with listening(answering(moved)) as (host, _):
            answered = look(host)
    assert (answered.challenge.status, answered.challenge.finding) == (302, Finding.NO_REGISTRY)
    assert heard == []


@pytest.mark.parametrize(
    "content",
    [b"", b"-ERR unknown command\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"x" * 100_000],
    ids=["nothing", "redis", "no status", "no end"],
)
def test_what_does_not_speak_http_is_said_not_to(content: bytes) -> None:
    with listening(answering(content)) as (host, _), pytest.raises(NotReached, match="does not"):
        look(host)


def test_slow_bytes_take_three_seconds_at_most() -> None:
    def drip(connection: socket.socket) -> None:
        for byte in CHALLENGED:
            connection.send(bytes([byte]))
            time.sleep(0.3)

    started = time.monotonic()
    with listening(drip) as (host, _), pytest.raises(NotReached, match="within three seconds"):
        look(host)
    assert time.monotonic() - started < SECONDS + 1


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "::1",
        "169.254.169.254",
        "fe80::1",
        "0.0.0.0",
        "::",
        "224.0.0.1",
        "255.255.255.255",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "fd00:ec2::254",
        "100.100.100.200",
        "168.63.129.16",
    ],
)
def test_addresses_that_no_registry_for_others_has_are_refused(address: str) -> None:
    with pytest.raises(NotReached, match="is not looked at"):
        check_address(ip_address(address), allow_loopback=False)


@pytest.mark.parametrize(
    "address", ["10.0.0.5", "172.16.3.4", "192.168.1.10", "fd12:3456::1", "203.0.113.9"]
)
def test_companies_registries_are_on_private_networks(address: str) -> None:
    check_address(ip_address(address), allow_loopback=False)


def test_loopback_needs_to_be_allowed_and_allows_nothing_else() -> None:
    check_address(ip_address("127.0.0.1"), allow_loopback=True)
    check_address(ip_address("::1"), allow_loopback=True)
    with pytest.raises(NotReached):
        check_address(ip_address("169.254.169.254"), allow_loopback=True)


@pytest.mark.parametrize(
    ("host", "sentence"),
    [
        ("127.0.0.1:1", "is not looked at"),
        ("[::1]:1", "is not looked at"),
        ("169.254.169.254", "is not looked at"),
        ("no-such-host.invalid", "no address"),
        ("localhost:1", "nothing listens there"),
    ],
)
def test_what_is_not_reached_is_said_in_a_sentence(host: str, sentence: str) -> None:
    with pytest.raises(NotReached, match=sentence):
        look(host)
