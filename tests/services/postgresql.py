"""PostgreSQL with a data folder of its own."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from tests.services.process import free_port, program, run_to_end, running, temporary_folder

# A test's database is thrown away, so nothing of it has to survive a power cut.
THROWAWAY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")


@dataclass(frozen=True, slots=True)
class PostgreSQL:
    url: str
    port: int
    log: Path


@contextmanager
def postgresql() -> Iterator[PostgreSQL]:
    # PostgreSQL refuses to run as root; Debian's package brings the user.
    user = "postgres" if os.geteuid() == 0 else None
    initdb, server = _server_program("initdb"), _server_program("postgres")
    with temporary_folder("postgresql", owner=user) as folder:
        data, log, port = folder / "data", folder / "log", free_port()
        run_to_end(
            [
                initdb,
                f"--pgdata={data}",
                "--username=hubadmin",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
                "--no-instructions",
            ],
            user=user,
        )
        command = [server, "-D", str(data), "-p", str(port), "-h", "127.0.0.1", "-k", ""]
        for setting in THROWAWAY:
            command += ["-c", setting]
        server_url = f"postgres://hubadmin@127.0.0.1:{port}"

        def ready() -> bool:
            try:
                psycopg.connect(f"{server_url}/postgres", connect_timeout=2).close()
            except psycopg.OperationalError:
                return False
            return True

        # SIGINT is its fast shutdown: it doesn't wait for clients to leave.
        with running(command, log=log, ready=ready, user=user, stop_with=signal.SIGINT):
            yield PostgreSQL(
                url=create_database(f"{server_url}/postgres", "hubadmin"), port=port, log=log
            )


def create_database(server_url: str, name: str) -> str:
    """Makes an empty database, in place of one of that name, on a server; its address."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return urlsplit(server_url)._replace(path=f"/{name}").geturl()


def _server_program(name: str) -> str:
    """Debian keeps the server's programs by version, off the PATH; the newest is taken."""
    versions = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: -float(folder.parent.name)
    )
    return program(name, package="postgresql", folders=versions)
