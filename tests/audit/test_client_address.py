"""Forwarded headers count only from the proxies that are trusted."""

from typing import Any

import pytest

from audit.client_address import apply_forwarded, parse_networks

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
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, nonsense", "10.0.0.1"),
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
