"""Fetching a feed from a server that may be slow, broken, or not the one it should be.

The standard library's client, because it follows no redirect, unpacks nothing and lets its
socket be closed when time is up: what a general client does for its users is what this must not.
"""

import base64
import http.client
import random
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from threading import Timer
from urllib.parse import SplitResult, unquote, urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

LOOPBACK = ("localhost", "127.0.0.1", "::1")
MAX_REDIRECTS = 3
CHUNK = 65_536
BUSY = (429, 500, 502, 503, 504)
CLIENT_ERRORS = {401: "refused our credentials", 403: "refused us", 404: "has nothing there"}


class Unreadable(Exception):
    """The feed can't be had whole. `str()` is a sentence for people, without any secret."""


class _Again(Unreadable):
    """What may be gone when tried again, `after` so many seconds if the server said so."""

    def __init__(self, sentence: str, after: float | None = None) -> None:
        super().__init__(sentence)
        self.after = after


@dataclass(frozen=True, slots=True)
class Limits:
    """How long, how much, how often: seconds, bytes, tries."""

    connect: float = 10
    request: float = 30
    run: float = 240
    size: int = 32 * 1024 * 1024
    attempts: int = 4
    first_pause: float = 1
    longest_pause: float = 60


@dataclass(frozen=True, slots=True)
class Validator:
    """What a server said about the version it sent, to ask later whether it is the same still."""

    etag: str = ""
    last_modified: str = ""

    def headers(self) -> dict[str, str]:
        asked = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in asked.items() if value}


@dataclass(frozen=True, slots=True)
class Document:
    """What a feed's address answered."""

    content: bytes
    validator: Validator | None = None


def shown(url: str) -> str:
    """An address as people may see it: without user, password and query, which can be secret."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


def address_problem(url: str) -> str | None:
    """Say in one sentence why a feed can't have this address, or return None."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "It is not an address."
    if not url.isascii() or not url.isprintable():
        return "An address has printable ASCII characters only."
    if parts.scheme == "file":
        return None if parts.path.startswith("/") and not host else "Write file:///path/to/file."
    if parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK):
        return None if host else "It names no host."
    return "It must begin with https:// or file:// (http:// only for localhost)."


class Fetcher:
    """One run's requests, under one limit of time and size."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._ends = time.monotonic() + self.limits.run
        self._room = self.limits.size

    def fetch(self, url: str, validator: Validator | None = None) -> Document | None:
        """What the address holds; None if it is what `validator` is about.

        Tries again when that may help. Raises `Unreadable`.
        """
        if urlsplit(url).scheme == "file":
            return self._file(url)
        for attempt in range(1, self.limits.attempts + 1):
            try:
                return self._follow(url, validator)
            except _Again as error:
                if attempt == self.limits.attempts:
                    raise Unreadable(f"{error} It was tried {attempt} times.") from error
                self._pause(attempt, error)
        raise AssertionError("limits.attempts must be at least 1")

    def _file(self, url: str) -> Document:
        path = Path(unquote(urlsplit(url).path))
        try:
            with path.open("rb") as file:
                content = file.read(self._room + 1)
        except OSError as error:
            raise Unreadable(f"{shown(url)} can't be read: {error.strerror}.") from error
        self._take(len(content), url)
        return Document(content)

    def _follow(self, url: str, validator: Validator | None) -> Document | None:
        headers = _headers(url, validator)
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._request(url, headers)
            if not isinstance(answer, str):
                return answer
            url = _redirected(url, answer)
        raise Unreadable(f"{shown(url)} redirects more than {MAX_REDIRECTS} times.")

    def _request(self, url: str, headers: dict[str, str]) -> Document | str | None:
        """A document, None if it is not modified, or where a redirect goes."""
        allowed = min(self.limits.request, self._left(url))
        connection = _connection(urlsplit(url), min(self.limits.connect, allowed))
        alarm = _Alarm()
        try:
            connection.connect()
            alarm.cut_off(connection.sock, after=allowed)
            connection.request("GET", _target(url), headers=headers)
            response = connection.getresponse()
            conditional = any(name.startswith("If-") for name in headers)
            answer = self._answer(url, response, conditional=conditional)
            if alarm.rang:  # where an answer's end is the connection's, cut off looks like whole
                raise TimeoutError
            return answer
        except ssl.SSLCertVerificationError as error:
            raise Unreadable(f"The certificate of {shown(url)} is not trusted.") from error
        except (OSError, http.client.HTTPException, _Again) as error:
            # What the alarm has cut off looks like any broken connection.
            if alarm.rang or isinstance(error, TimeoutError):
                raise _Again(f"{shown(url)} took too long to answer.") from error
            if isinstance(error, _Again):
                raise
            raise _Again(f"The connection to {shown(url)} failed.") from error
        finally:
            alarm.stop()
            connection.close()

    def _answer(
        self, url: str, response: http.client.HTTPResponse, *, conditional: bool
    ) -> Document | str | None:
        if response.status == 304 and conditional:
            return None
        if response.status in (301, 302, 303, 307, 308) and response.headers["Location"]:
            return str(response.headers["Location"])
        if response.status in BUSY:
            raise _Again(f"{shown(url)} answered {response.status}.", _retry_after(response))
        if response.status != 200:
            why = CLIENT_ERRORS.get(response.status, "gave no document")
            raise Unreadable(f"{shown(url)} {why}: it answered {response.status}.")
        if response.headers.get_content_type() in ("text/html", "application/xhtml+xml"):
            raise Unreadable(f"{shown(url)} answered a web page instead of JSON.")
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise Unreadable(f"{shown(url)} answered compressed, which was not asked for.")
        return Document(self._body(url, response), _validator(response))

    def _body(self, url: str, response: http.client.HTTPResponse) -> bytes:
        chunks = []
        while chunk := response.read1(CHUNK):
            self._take(len(chunk), url)
            chunks.append(chunk)
        if response.length:
            raise _Again(f"{shown(url)} broke off before its end.")
        return b"".join(chunks)

    def _take(self, size: int, url: str) -> None:
        self._room -= size
        if self._room < 0:
            raise Unreadable(f"{shown(url)} sends more than {self.limits.size} bytes.")

    def _left(self, url: str) -> float:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise Unreadable(
                f"{shown(url)} could not be read within the {self.limits.run:g} s of one sync."
            )
        return left

    def _pause(self, attempt: int, error: _Again) -> None:
        longest = min(self.limits.longest_pause, self._ends - time.monotonic())
        if error.after is not None and error.after > longest:
            raise Unreadable(f"{error} It asks to wait {error.after:.0f} s.") from error
        backoff = self.limits.first_pause * 2 ** (attempt - 1)
        # Spread out, so that many sites don't come back at one moment.
        pause = backoff * random.uniform(0.5, 1)  # noqa: S311  # no secret
        time.sleep(max(0, min(max(pause, error.after or 0), longest)))


class _Alarm:
    """Cuts a connection off when its time is up, however slowly bytes still come."""

    def __init__(self) -> None:
        self._timer: Timer | None = None
        self.rang = False

    def cut_off(self, connected: socket.socket, *, after: float) -> None:
        self._timer = Timer(after, self._ring, [connected])
        self._timer.daemon = True
        self._timer.start()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _ring(self, connected: socket.socket) -> None:
        self.rang = True
        with suppress(OSError):
            # Not TLS's own shutdown, which would wait for the other side.
            socket.socket.shutdown(connected, socket.SHUT_RDWR)


def _connection(target: SplitResult, timeout: float) -> http.client.HTTPConnection:
    """A connection that is not open yet, through the environment's proxy if there is one."""
    host = target.hostname or ""
    if target.scheme == "http":
        return http.client.HTTPConnection(host, target.port or 80, timeout=timeout)
    context = ssl.create_default_context()
    port = target.port or 443
    proxy = urlsplit("" if proxy_bypass(host) else getproxies().get("https", ""))
    if not proxy.hostname:
        return http.client.HTTPSConnection(host, port, timeout=timeout, context=context)
    connection = http.client.HTTPSConnection(
        proxy.hostname, proxy.port or 80, timeout=timeout, context=context
    )
    connection.set_tunnel(host, port, headers=_basic("Proxy-Authorization", proxy))
    return connection


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def _redirected(url: str, location: str) -> str:
    try:
        target = urljoin(url, location)
        same = _origin(target) == _origin(url)
    except ValueError as error:
        raise Unreadable(f"{shown(url)} redirects to what is no address.") from error
    if not same:
        raise Unreadable(f"{shown(url)} redirects to another host, which is not followed.")
    return target


def _target(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _headers(url: str, validator: Validator | None) -> dict[str, str]:
    return {
        "Accept": "application/json",
        "User-Agent": "Hubadmin",
        **_basic("Authorization", urlsplit(url)),
        **(validator.headers() if validator else {}),
    }


def _basic(header: str, address: SplitResult) -> dict[str, str]:
    if address.username is None:
        return {}
    secret = f"{unquote(address.username)}:{unquote(address.password or '')}"
    return {header: f"Basic {base64.b64encode(secret.encode()).decode()}"}


def _validator(response: http.client.HTTPResponse) -> Validator | None:
    etag = response.headers.get("ETag", "")
    last_modified = response.headers.get("Last-Modified", "")
    return Validator(etag, last_modified) if etag or last_modified else None


def _retry_after(response: http.client.HTTPResponse) -> float | None:
    """How many seconds the server asks to wait, or None. Docker Hub says until when."""
    until = response.headers.get("X-Retry-After", "")
    if until.isdecimal():
        return max(0, int(until) - time.time())
    wait = response.headers.get("Retry-After", "")
    if wait.isdecimal():
        return int(wait)
    with suppress(ValueError, TypeError):
        moment = parsedate_to_datetime(wait)
        return max(0, (moment - datetime.now(moment.tzinfo or UTC)).total_seconds())
    return None
