"""Asking a connected registry itself whom it sends its clients to: one `GET /v2/`, no more.

An owner chooses the host, so this could be made to look at what only this machine can reach. It
connects to that host and port alone, at an address that was judged after it was looked up, sends
no credentials, follows nowhere, and shows nothing of the answer but its status and its challenge.
"""

import ipaddress
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlow
from dataclasses import dataclass
from email.parser import HeaderParser
from ipaddress import IPv4Address, IPv6Address

from registries.challenge import Challenge, read_challenge

SECONDS = 3.0
MOST_BYTES = 16 * 1024

Address = IPv4Address | IPv6Address

# Machines' own metadata services that no range gives away.
_METADATA = frozenset(
    ipaddress.ip_address(text) for text in ("fd00:ec2::254", "100.100.100.200", "168.63.129.16")
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# A name server that doesn't answer holds a thread, not a page; these are all there are.
_lookups = ThreadPoolExecutor(max_workers=4, thread_name_prefix="probe")


class NotReached(Exception):
    """There is no answer to show. The text says why, in one sentence."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What a registry answered, from which address, and what was wrong with its TLS."""

    challenge: Challenge
    url: str
    address: str
    distrusted: str = ""


@dataclass(frozen=True, slots=True)
class _Place:
    name: str
    port: int
    https: bool
    header: str


def probe(host: str, *, realm: str, service: str, allow_loopback: bool) -> Answered:
    """Ask the registry at `host` (`name` or `name:port`) and compare with our realm and service.

    Raises `NotReached`. Takes three seconds at most.
    """
    deadline = time.monotonic() + SECONDS
    name, port = _split(host)
    addresses = _resolved(name, port or 443, deadline)
    for address in addresses:
        check_address(address, allow_loopback=allow_loopback or name == "localhost")
    places = (_Place(name, port or 443, True, host), _Place(name, port or 80, False, host))
    problems = []
    for place in places:
        for address in addresses:
            try:
                return _ask(place, address, deadline, realm, service)
            except (OSError, ValueError) as error:
                problems.append(_in_words(place, address, error))
    raise NotReached(" ".join(dict.fromkeys(problems)))


def check_address(address: Address, *, allow_loopback: bool) -> None:
    """Refuse addresses at which no registry is, but perhaps something that trusts its machine.

    Private networks are where companies' registries are. Raises `NotReached`.
    """
    meant = _meant(address)
    if meant.is_loopback and allow_loopback:
        return
    if (
        meant.is_loopback
        or meant.is_link_local
        or meant.is_multicast
        or meant.is_unspecified
        or meant.is_reserved
        or meant in _METADATA
    ):
        raise NotReached(f"{address} is not looked at: no registry for others can be there.")


def _meant(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, or itself."""
    if isinstance(address, IPv6Address):
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
        return address.ipv4_mapped or address.sixtofour or address
    return address


def _split(host: str) -> tuple[str, int | None]:
    name, colon, port = host.rpartition(":")
    if colon and port.isdigit() and (":" not in name or name.endswith("]")):
        return name.strip("[]"), int(port)
    return host.strip("[]"), None


def _resolved(name: str, port: int, deadline: float) -> list[Address]:
    looking = _lookups.submit(socket.getaddrinfo, name, port, type=socket.SOCK_STREAM)
    try:
        found = looking.result(timeout=max(0.0, deadline - time.monotonic()))
    except TooSlow:
        looking.cancel()
        raise NotReached(f"Looking up {name} takes too long.") from None
    except (OSError, UnicodeError, OverflowError):
        raise NotReached(f"{name} has no address that this machine can find.") from None
    texts = dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found)
    return [ipaddress.ip_address(text) for text in texts]


def _ask(place: _Place, address: Address, deadline: float, realm: str, service: str) -> Answered:
    distrusted = ""
    try:
        status, headers = _exchange(place, address, deadline, verify=True)
    except ssl.SSLCertVerificationError as error:
        # Nothing secret is sent, and a company's own authority may be unknown here.
        distrusted = error.verify_message
        status, headers = _exchange(place, address, deadline, verify=False)
    return Answered(
        read_challenge(status, headers, realm=realm, service=service),
        f"{'https' if place.https else 'http'}://{place.header}/v2/",
        str(address),
        distrusted,
    )


def _exchange(
    place: _Place, address: Address, deadline: float, *, verify: bool
) -> tuple[int, list[tuple[str, str]]]:
    request = (
        f"GET /v2/ HTTP/1.1\r\nHost: {place.header}\r\nUser-Agent: Hubadmin\r\n"
        "Accept: application/json\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection((str(address), place.port), timeout=_left(deadline)) as plain:
        plain.settimeout(_left(deadline))
        if not place.https:
            return _spoken(plain, request, deadline)
        with _context(verify).wrap_socket(plain, server_hostname=place.name) as encrypted:
            return _spoken(encrypted, request, deadline)


def _spoken(
    connection: socket.socket, request: str, deadline: float
) -> tuple[int, list[tuple[str, str]]]:
    connection.sendall(request.encode("ascii"))
    received = b""
    while b"\r\n\r\n" not in received:
        connection.settimeout(_left(deadline))
        piece = connection.recv(4096)
        if not piece or len(received) > MOST_BYTES:
            raise ValueError("what answers there does not speak HTTP")
        received += piece
    head, _, rest = received.partition(b"\r\n\r\n")[0].decode("latin-1").partition("\r\n")
    version, _, status = head.partition(" ")
    if not version.startswith("HTTP/1.") or not status[:3].isdigit():
        raise ValueError("what answers there does not speak HTTP")
    return int(status[:3]), HeaderParser().parsestr(rest).items()


def _context(verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("it took too long")
    return left


def _in_words(place: _Place, address: Address, error: Exception) -> str:
    scheme = "HTTPS" if place.https else "HTTP"
    match error:
        case TimeoutError():
            why = "no answer within three seconds"
        case ConnectionRefusedError():
            why = "nothing listens there"
        case ssl.SSLError():
            why = "no TLS is spoken there"
        case ValueError():
            why = str(error)
        case _:
            why = "the connection failed"
    return f"{scheme} at {address}, port {place.port}: {why}."
