"""The real clients, each with credentials and storage of its own so that people don't mix."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from tests.services.process import program

Result = subprocess.CompletedProcess[str]


class Client(Protocol):
    """What a person does with any of them. A reference is `host:port/path[:tag][@digest]`."""

    def login(self, host: str, user: str, password: str) -> Result: ...

    def pull(self, reference: str) -> Result: ...

    def push(self, layout: Path, reference: str) -> Result: ...


@dataclass(frozen=True, slots=True)
class Docker:
    """The docker command line, talking to an engine that it shares with others."""

    engine: str
    folder: Path

    def login(self, host: str, user: str, password: str) -> Result:
        return self._run("login", "--username", user, "--password-stdin", host, stdin=password)

    def pull(self, reference: str) -> Result:
        result = self._run("pull", reference)
        if result.returncode == 0:
            # The engine is shared: nobody may find an image that another one has left there.
            self._run("image", "rm", reference)
        return result

    def push(self, layout: Path, reference: str) -> Result:
        self._run("load", "--input", _archive(layout, reference, self.folder)).check_returncode()
        result = self._run("push", reference)
        self._run("image", "rm", reference)
        return result

    def _run(self, *arguments: str, stdin: str = "") -> Result:
        docker = program("docker", package="docker.io")
        command = [docker, "--host", self.engine, "--config", str(self.folder), *arguments]
        return _run(command, stdin=stdin, home=self.folder)


@dataclass(frozen=True, slots=True)
class Containerd:
    """Its own command line, which keeps no sign-in: each command carries name and password."""

    address: str
    folder: Path
    user: str

    def pull(self, reference: str) -> Result:
        result = self._run("images", "pull", "--snapshotter=native", *self._access(), reference)
        self._run("images", "rm", "--sync", reference)
        return result

    def _access(self) -> list[str]:
        return ["--plain-http", *(["--user", self.user] if self.user else [])]

    def _run(self, *arguments: str) -> Result:
        ctr = program("ctr", package="containerd")
        namespace = f"--namespace={self.folder.name.strip('_').replace('_', '')}"
        return _run([ctr, f"--address={self.address}", namespace, *arguments], home=self.folder)


@dataclass(frozen=True, slots=True)
class Podman:
    name: ClassVar[str] = "podman"
    folder: Path

    def login(self, host: str, user: str, password: str) -> Result:
        arguments = ["--username", user, "--password-stdin", host]
        return self._run("login", *self._access(), *arguments, stdin=password)

    def pull(self, reference: str) -> Result:
        return self._run("pull", *self._access(), "--quiet", reference)

    def push(self, layout: Path, reference: str) -> Result:
        self._run("load", "--input", _archive(layout, reference, self.folder)).check_returncode()
        return self._run("push", *self._access(), reference)

    def _access(self) -> list[str]:
        return [f"--authfile={self.folder / 'auth.json'}", "--tls-verify=false"]

    def _run(self, *arguments: str, stdin: str = "") -> Result:
        tool = program(self.name, package=self.name)
        storage = [f"--root={self.folder / 'root'}", f"--runroot={self.folder / 'run'}"]
        command = [tool, *storage, "--storage-driver=vfs", *arguments]
        return _run(command, stdin=stdin, home=self.folder)


class Buildah(Podman):
    """It takes podman's words, and pushes what it has pulled out of a layout."""

    __slots__ = ()
    name = "buildah"

    def push(self, layout: Path, reference: str) -> Result:
        pulled = self._run("pull", "--quiet", f"oci:{layout}")
        pulled.check_returncode()
        image = pulled.stdout.strip()
        return self._run("push", *self._access(), image, f"docker://{reference}")


@dataclass(frozen=True, slots=True)
class Skopeo:
    """It has no storage: what it pulls goes into a folder of its own."""

    folder: Path

    def login(self, host: str, user: str, password: str) -> Result:
        arguments = ["--username", user, "--password-stdin", "--tls-verify=false", host]
        return self._run("login", *arguments, stdin=password)

    def pull(self, reference: str) -> Result:
        folder = self.folder / "pulled"
        return self._run("copy", "--src-tls-verify=false", f"docker://{reference}", f"dir:{folder}")

    def push(self, layout: Path, reference: str) -> Result:
        arguments = ["--dest-tls-verify=false", f"oci:{layout}", f"docker://{reference}"]
        return self._run("copy", *arguments)

    def _run(self, command: str, *arguments: str, stdin: str = "") -> Result:
        skopeo = program("skopeo", package="skopeo")
        authfile = f"--authfile={self.folder / 'auth.json'}"
        return _run([skopeo, command, authfile, *arguments], stdin=stdin, home=self.folder)


def output(result: Result) -> str:
    """All that a person would read in their terminal."""
    return result.stdout + result.stderr


def _archive(layout: Path, reference: str, folder: Path) -> str:
    """The image as docker and podman load it: neither pushes out of an OCI layout."""
    archive = folder / "image.tar"
    archive.unlink(missing_ok=True)
    skopeo = program("skopeo", package="skopeo")
    command = [skopeo, "copy", f"oci:{layout}", f"docker-archive:{archive}:{reference}"]
    _run(command, home=folder).check_returncode()
    return str(archive)


def _run(command: list[str], *, home: Path, stdin: str = "") -> Result:
    return subprocess.run(
        command,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"HOME": str(home)},
        check=False,
    )
