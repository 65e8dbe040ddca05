"""Redis that keeps nothing."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.services.process import free_port, program, running, temporary_folder


@dataclass(frozen=True, slots=True)
class Redis:
    url: str
    port: int
    log: Path


@contextmanager
def redis() -> Iterator[Redis]:
    server = program("redis-server", package="redis-server")
    with temporary_folder("redis") as folder:
        log, port = folder / "log", free_port()
        command = [server, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
        command += ["--save", "", "--appendonly", "no"]

        def ready() -> bool:
            with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")

        with running(command, log=log, ready=ready):
            yield Redis(url=f"redis://127.0.0.1:{port}/0", port=port, log=log)
