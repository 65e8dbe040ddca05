"""The client's address, where proxies stand in front of the site.

`X-Forwarded-*` is something anybody can write. It counts only when the peer that connected is
one of the configured proxies, and then only up to the first hop that is not.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST")


def parse_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Networks from `10.0.0.0/8` or single addresses; ValueError names the first bad one."""
    return tuple(ip_network(text.strip()) for text in texts if text.strip())


def apply_forwarded(environ: dict[str, Any], proxies: tuple[Network, ...]) -> None:
    """Put the client's address, scheme and host into a WSGI environ, once for everybody inside.

    Headers from an untrusted peer are dropped, so that nothing further in can believe them.
    """
    forwarded = {name: environ.pop(name, "") for name in FORWARDED}
    peer = _parsed(environ.get("REMOTE_ADDR", ""))
    if peer is None or not _trusted(peer, proxies):
        return
    client = _client(peer, forwarded["HTTP_X_FORWARDED_FOR"], proxies)
    environ["REMOTE_ADDR"] = str(client)
    if forwarded["HTTP_X_FORWARDED_PROTO"] in ("http", "https"):
        environ["wsgi.url_scheme"] = forwarded["HTTP_X_FORWARDED_PROTO"]
    if forwarded["HTTP_X_FORWARDED_HOST"]:
        environ["HTTP_HOST"] = forwarded["HTTP_X_FORWARDED_HOST"]


def _client(peer: Address, forwarded_for: str, proxies: tuple[Network, ...]) -> Address:
    client = peer
    for hop in reversed(forwarded_for.split(",")):
        address = _parsed(hop.strip())
        if address is None:
            break
        client = address
        if not _trusted(address, proxies):
            break
    return client


def _parsed(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def _trusted(address: Address, proxies: tuple[Network, ...]) -> bool:
    return any(address in network for network in proxies)
