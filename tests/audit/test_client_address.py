"""Forwarded headers count only from the proxies that are trusted."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from audit.client_address import UNKNOWN, apply_forwarded, parse_networks
from audit.queries import entries_of
from tests.conftest import NewVisitor, named_organization, post

PROXIES = parse_networks(["10.0.0.0/8", "2001:db8::1", " "])


def environ(peer: str, **headers: str) -> dict[str, Any]:
    values = {"REMOTE_ADDR": peer, "HTTP_HOST": "inside", "wsgi.url_scheme": "http"}
    return values | {f"HTTP_X_FORWARDED_{name.upper()}": value for name, value in headers.items()}


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "client"),
    [
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),  # anybody can write a header
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),  # the last hop outside
        ("10.0.0.1", "198.51.100.1, 10.2.3.4", "198.51.100.1"),  # two proxies of ours
        ("10.0.0.1", "10.9.9.9, 10.2.3.4", "10.9.9.9"),
        # What the proxy doesn't tell readably is unknown, and never the proxy's own address.
        ("10.0.0.1", "", UNKNOWN),
        ("10.0.0.1", "unknown", UNKNOWN),
        ("10.0.0.1", "198.51.100.1, nonsense", UNKNOWN),
        ("10.0.0.1", "nonsense, 10.2.3.4", UNKNOWN),
        ("10.0.0.1", "nonsense, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "203.0.113.9:5123", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9:http", UNKNOWN),
        ("10.0.0.1", "[2001:db8::77]:5123", "2001:db8::77"),
        ("10.0.0.1", "[2001:db8::77]", "2001:db8::77"),
        ("10.0.0.1", "[]:5123", UNKNOWN),
        ("10.0.0.1", "198.51.100.1, 10.2.3.4:80", "198.51.100.1"),
        ("2001:db8::1", "2001:db8::77", "2001:db8::77"),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("", "198.51.100.1", ""),
    ],
)
def test_the_clients_address(peer: str, forwarded_for: str, client: str) -> None:
    found = environ(peer, **{"for": forwarded_for})
    apply_forwarded(found, PROXIES)
    assert found["REMOTE_ADDR"] == client


def test_scheme_and_host_come_from_trusted_proxies_alone() -> None:
    headers = {"proto": "https", "host": "iam.example.com"}
    trusted, untrusted = environ("10.0.0.1", **headers), environ("203.0.113.9", **headers)
    apply_forwarded(trusted, PROXIES)
    apply_forwarded(untrusted, PROXIES)
    assert (trusted["wsgi.url_scheme"], trusted["HTTP_HOST"]) == ("https", "iam.example.com")
    assert (untrusted["wsgi.url_scheme"], untrusted["HTTP_HOST"]) == ("http", "inside")


def test_nothing_forwarded_gets_past() -> None:
    found = environ("203.0.113.9", **{"for": "1.1.1.1", "proto": "https", "host": "x"})
    apply_forwarded(found, PROXIES)
    assert not any("FORWARDED" in name for name in found)


def test_a_bad_network_is_named() -> None:
    with pytest.raises(ValueError, match="example"):
        parse_networks(["example"])


def test_clients_of_unknown_address_are_served_and_logged_without_one(
    signed_in: Callable[[str], httpx.Client],
    visitor: NewVisitor,
    demo: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hubadmin.wsgi.proxies", parse_networks(["203.0.113.7"]))
    client = signed_in("olivia")
    changed = post(
        client, "/orgs/acme/settings/", display_name="Acme", docker_organization="acme-at-hub"
    )
    assert changed.status_code == 302
    newest = entries_of(named_organization("acme").pk).first()
    assert newest is not None
    assert (newest.actor, newest.address) == ("olivia", None)

    guess = visitor().get("/auth/token", params={"service": "acme"}, auth=("olivia", "wrong"))
    assert guess.status_code == 401
