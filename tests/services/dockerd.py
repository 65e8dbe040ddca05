"""A Docker engine of its own, beside whatever engine the machine may run."""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.services.process import NotInstalled, program, running, temporary_folder

# It only pulls and pushes: no networks for containers, and the host's firewall and routing stay as
# they are.
HANDS_OFF = (
    "--iptables=false",
    "--ip6tables=false",
    "--ip-forward=false",
    "--ip-masq=false",
    "--bridge=none",
    "--storage-driver=vfs",
)


@dataclass(frozen=True, slots=True)
class Dockerd:
    url: str
    log: Path
    containerd: str


@contextmanager
def dockerd() -> Iterator[Dockerd]:
    server = program("dockerd", package="docker.io")
    if os.geteuid() != 0:
        raise NotInstalled("dockerd needs root")
    with temporary_folder("dockerd") as folder:
        log, config, address = folder / "log", folder / "daemon.json", folder / "docker.sock"
        # Without a file of its own it would read the machine's /etc/docker/daemon.json.
        config.write_text("{}")
        command = [server, *HANDS_OFF, f"--config-file={config}", f"--host=unix://{address}"]
        command += [
            f"--data-root={folder / 'data'}",
            f"--exec-root={folder / 'exec'}",
            f"--pidfile={folder / 'pid'}",
        ]

        def ready() -> bool:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(2)
                connection.connect(str(address))
                connection.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
                return b" 200 " in connection.recv(64)

        try:
            with running(command, log=log, ready=ready):
                managed = folder / "exec" / "containerd" / "containerd.sock"
                yield Dockerd(url=f"unix://{address}", log=log, containerd=str(managed))
        finally:
            _unmount_below(folder)


def _unmount_below(folder: Path) -> None:
    """The engine mounts its data folder onto itself, and a mounted folder can't be removed."""
    mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    for mount in sorted((m for m in mounts if Path(m).is_relative_to(folder)), reverse=True):
        subprocess.run(["umount", "--lazy", mount], check=False)
