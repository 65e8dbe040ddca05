"""The client's address, where proxies stand in front of the site.

`X-Forwarded-*` is something anybody can write. It counts only when the peer that connected is
one of the configured proxies, and then only up to the first hop that is not.

A client whose address the proxies don't tell readably is at `UNKNOWN`, never at the proxy's own
address: limits count all such clients as one, and the logs hold no address.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address
UNKNOWN = ""
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST")
# 203.0.113.9:5123, [2001:db8::7]:5123, [2001:db8::7]
WITH_PORT = re.compile(r"(?P<v4>[0-9.]+):[0-9]{1,5}|\[(?P<v6>[^]]*)\](?::[0-9]{1,5})?")


def parse_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Networks from `10.0.0.0/8` or single addresses; ValueError names the first bad one."""
    return tuple(ip_network(text.strip()) for text in texts if text.strip())


def apply_forwarded(environ: dict[str, Any], proxies: tuple[Network, ...]) -> None:
    """Put the client's address, scheme and host into a WSGI environ, once for everybody inside.

    Headers from an untrusted peer are dropped, so that nothing further in can believe them.
    """
    if not proxies:
        for name in FORWARDED:
            environ.pop(name, None)
        return
    forwarded = {name: environ.pop(name, "") for name in FORWARDED}
    peer = _parsed(environ.get("REMOTE_ADDR", ""))
    if peer is None or not _trusted(peer, proxies):
        return
    client = _client(forwarded["HTTP_X_FORWARDED_FOR"], proxies)
    environ["REMOTE_ADDR"] = UNKNOWN if client is None else str(client)
    if forwarded["HTTP_X_FORWARDED_PROTO"] in ("http", "https"):
        environ["wsgi.url_scheme"] = forwarded["HTTP_X_FORWARDED_PROTO"]
    if forwarded["HTTP_X_FORWARDED_HOST"]:
        environ["HTTP_HOST"] = forwarded["HTTP_X_FORWARDED_HOST"]


def _client(forwarded_for: str, proxies: tuple[Network, ...]) -> Address | None:
    """The last hop that is no proxy, else the first; None if one on the way can't be read."""
    client = None
    for hop in reversed(forwarded_for.split(",")):
        client = _hop(hop.strip())
        if client is None or not _trusted(client, proxies):
            break
    return client


def _hop(text: str) -> Address | None:
    """An address, with or without its port."""
    with_port = WITH_PORT.fullmatch(text)
    return _parsed((with_port["v4"] or with_port["v6"]) if with_port else text)


@lru_cache(4096)
def _parsed(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def _trusted(address: Address, proxies: tuple[Network, ...]) -> bool:
    return any(address in network for network in proxies)
