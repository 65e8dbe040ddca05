"""podman and skopeo send the token request's form in chunks, without a Content-Length."""

import json
import socket
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.clients.images import OWN
from tests.served import DemoSite


@pytest.mark.parametrize("size", [1, 7, 10_000], ids=["byte by byte", "in pieces", "at once"])
def test_a_form_in_chunks_is_read_to_its_end(site: DemoSite, size: int) -> None:
    status, body = post_in_chunks(
        site.port,
        "/auth/token",
        urlencode(
            {
                "grant_type": "password",
                "service": "acme",
                "client_id": "a test",
                "scope": f"repository:{OWN}:pull",
                "username": "olivia",
                "password": site.env["OLIVIA_TOKEN"],
            }
        ).encode(),
        size,
    )

    assert status == 200, body
    assert body["access_token"]


def post_in_chunks(port: int, path: str, form: bytes, size: int) -> tuple[int, dict[str, Any]]:
    chunks = [form[start : start + size] for start in range(0, len(form), size)]
    framed = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in [*chunks, b""])
    head = (
        f"POST {path} HTTP/1.1\r\n"
        f"Host: localhost:{port}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        "Transfer-Encoding: chunked\r\n"
        "Connection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(head.encode() + framed)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    first, _, rest = answer.partition(b"\r\n")
    return int(first.split()[1]), json.loads(rest.partition(b"\r\n\r\n")[2])
