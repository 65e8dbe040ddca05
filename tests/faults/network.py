"""Machines of a test: network namespaces, each with a link to where the database is, that can be
cut, and a wire on the link that loses, doubles and delays the database's notifications."""

import ctypes
import os
import random
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from tests.services.process import program

CLONE_NEWNET = 0x40000000
NOTIFICATION = b"A"  # PostgreSQL's message type


@contextmanager
def machine(number: int) -> Iterator["Machine"]:
    """A network namespace with an address of its own, which the test's side can reach."""
    made = Machine(number)
    # What an earlier run left behind when it was killed.
    _ip("netns", "delete", made.name, check=False)
    _ip("link", "delete", made.link, check=False)
    _ip("netns", "add", made.name)
    try:
        inside = f"{made.link}i"
        _ip("link", "add", made.link, "type", "veth", "peer", "name", inside)
        _ip("link", "set", inside, "netns", made.name)
        _ip("addr", "add", f"{made.our_side}/30", "dev", made.link)
        _ip("link", "set", made.link, "up")
        within = ("netns", "exec", made.name, _program(), "link", "set")
        _ip("-n", made.name, "addr", "add", f"{made.its_side}/30", "dev", inside)
        _ip(*within, inside, "up")
        _ip(*within, "lo", "up")
        yield made
    finally:
        _ip("link", "delete", made.link, check=False)
        _ip("netns", "delete", made.name, check=False)


class Machine:
    """One namespace, and the link that leads to it."""

    def __init__(self, number: int) -> None:
        self.name = f"hubadmin-{os.getpid()}-{number}"
        self.link = f"hub{os.getpid() % 100_000}{number}"
        self.our_side, self.its_side = f"10.231.{number}.1", f"10.231.{number}.2"

    def command(self, *command: str) -> list[str]:
        """A command that runs on this machine."""
        return [_program(), "netns", "exec", self.name, *command]

    def cut(self) -> None:
        """Cut the link, without a word to either side."""
        _ip("link", "set", self.link, "down")

    def mend(self) -> None:
        _ip("link", "set", self.link, "up")

    def enter(self) -> None:
        """Move the calling thread, for good, onto this machine."""
        libc = ctypes.CDLL(None, use_errno=True)
        with Path("/run/netns", self.name).open() as namespace:
            if libc.setns(namespace.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")


class Wire:
    """Forwards connections to a port here. If they speak PostgreSQL's protocol, it can lose, double
    and hold back notifications; what else is said passes untouched and in order."""

    def __init__(self, address: str, port: int, *, postgresql: bool) -> None:
        self._postgresql = postgresql
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server((address, 0), backlog=256)
        self.port: int = self._listener.getsockname()[1]
        self.loses, self.doubles, self.delays = 0.0, 0.0, 0.0
        self.lost = self.delayed = self.doubled = 0
        self._closing = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._closing.set()
        self._listener.close()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
            except OSError:
                continue
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._forward, args=(client, server), daemon=True).start()
            threading.Thread(target=self._filter, args=(server, client), daemon=True).start()

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                server.sendall(data)
        _close(client, server)

    def _filter(self, server: socket.socket, client: socket.socket) -> None:
        """Pass on message by message, as far as they are the protocol's."""
        waiting, sending = b"", threading.Lock()
        with suppress(OSError):
            while data := server.recv(65536):
                waiting += data
                whole, waiting = self._split(waiting)
                for message in whole:
                    self._send(client, sending, message)
        _close(client, server)

    def _split(self, data: bytes) -> tuple[list[bytes], bytes]:
        if not self._postgresql:
            return [data], b""
        messages = []
        while len(data) >= 5:
            length = 1 + int.from_bytes(data[1:5], "big")
            if len(data) < length:
                break
            messages.append(data[:length])
            data = data[length:]
        return messages, data

    def _send(self, client: socket.socket, sending: threading.Lock, message: bytes) -> None:
        if not self._postgresql or message[:1] != NOTIFICATION:
            with sending:
                client.sendall(message)
            return
        if random.random() < self.loses:
            self.lost += 1
            return
        copies = 1 + (random.random() < self.doubles)
        self.doubled += copies - 1
        for _ in range(copies):
            pause = random.random() * self.delays
            self.delayed += pause > 0

            def send() -> None:
                with suppress(OSError), sending:
                    client.sendall(message)

            threading.Timer(pause, send).start()


@contextmanager
def machines(count: int) -> Iterator[list[Machine]]:
    with ExitStack() as stack:
        yield [stack.enter_context(machine(number)) for number in range(1, count + 1)]


def _close(*sockets: socket.socket) -> None:
    for one in sockets:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()


def _program() -> str:
    return program("ip", package="iproute2")


def _ip(*arguments: str, check: bool = True) -> None:
    subprocess.run([_program(), *arguments], check=check, capture_output=True)
