"""Bodies of requests to pages and the API, with their length told or sent in chunks."""

import json
import socket
from collections.abc import Callable

import httpx
import pytest
from django.conf import settings

from tests.conftest import NewVisitor
from tests.served import DemoSite, SetPolicy

PATH = "/v2/orgs/acme/settings"
WISHED = {"enabled": True, "allow_official_images": False, "allow_verified_publishers": True}
MOST = settings.DATA_UPLOAD_MAX_MEMORY_SIZE


@pytest.mark.parametrize("size", [1, 7, 10_000], ids=["byte by byte", "in pieces", "at once"])
def test_settings_are_saved_from_a_body_in_chunks(
    site: DemoSite, set_policy: SetPolicy, size: int
) -> None:
    set_policy(enabled=False)
    body = json.dumps({"restricted_images": WISHED}).encode()
    answer = put_in_chunks(site, body, size)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert site.settings("olivia") == WISHED


def test_a_body_in_chunks_is_bounded(site: DemoSite) -> None:
    answer = put_in_chunks(site, b" " * (MOST + 1), 65_536)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert f"at most {MOST} bytes".encode() in answer


def test_no_chunks_at_all_are_an_empty_body(site: DemoSite) -> None:
    answer = put_in_chunks(site, b"", 1)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"field is required" in answer


@pytest.mark.django_db
def test_a_body_that_says_it_is_too_long_is_not_read(
    visitor: NewVisitor, signed_in: Callable[[str], httpx.Client]
) -> None:
    problem = visitor().put(PATH, content=b" " * (MOST + 1))
    assert problem.status_code == 413
    assert problem.headers["content-type"] == "application/problem+json"
    page = signed_in("olivia").post("/orgs/acme/settings/", content=b" " * (MOST + 1))
    assert page.status_code == 413
    assert f"at most {MOST} bytes" in page.text


def put_in_chunks(site: DemoSite, body: bytes, size: int) -> bytes:
    chunks = [body[start : start + size] for start in range(0, len(body), size)]
    framed = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in [*chunks, b""])
    head = (
        f"PUT {PATH} HTTP/1.1\r\n"
        f"Host: localhost:{site.port}\r\n"
        f"Authorization: Bearer {site.env['OLIVIA_TOKEN']}\r\n"
        "Content-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\n"
        "Connection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", site.port), timeout=10) as connection:
        connection.sendall(head.encode() + framed)
        return b"".join(iter(lambda: connection.recv(65_536), b""))
