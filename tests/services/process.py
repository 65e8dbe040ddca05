"""How any of the services is started, waited for and stopped."""

import ctypes
import http.client
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

LOG_LINES_SHOWN = 30
PR_SET_CHILD_SUBREAPER = 36


class ServiceError(Exception):
    """A service did not start; the message ends with what it logged."""


class NotInstalled(ServiceError):
    """The machine lacks the program, or the rights, that a service needs."""


def program(name: str, *, package: str, folders: Sequence[Path] = ()) -> str:
    """The program's full path: Debian puts daemons where a plain user's PATH doesn't look."""
    places = [*map(str, folders), os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"]
    found = shutil.which(name, path=os.pathsep.join(places))
    if found is None:
        raise NotInstalled(f"{name} is missing; install the Debian package {package}")
    return found


_given_out: set[int] = set()


def free_port() -> int:
    """A TCP port of localhost that nobody listens on and no earlier call returned."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port not in _given_out:
            _given_out.add(port)
            return port


@contextmanager
def temporary_folder(name: str, *, owner: str | None = None) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=f"hubadmin-{name}-"))
    try:
        if owner:
            shutil.chown(folder, owner, owner)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def answers_http(port: int, path: str, *, host: str = "localhost") -> int:
    """The status that a service answers with; OSError while nobody listens."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path, headers={"Host": f"{host}:{port}"})
        return connection.getresponse().status
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error
    finally:
        connection.close()


@contextmanager
def running(
    command: Sequence[str],
    *,
    log: Path,
    ready: Callable[[], bool],
    user: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stop_with: signal.Signals = signal.SIGTERM,
    patience: float = 60,
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a daemon until the block is left. `ready` may raise OSError for *not yet*."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*bound_to_us(user), *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=cwd,
            # A group of its own: Ctrl-C reaches only us, and we stop it with all its children.
            start_new_session=True,
        )
    try:
        _wait_until_ready(process, ready, patience, describe=lambda: f"{command[0]}\n{tail(log)}")
        yield process
    finally:
        _stop(process, stop_with)


def run_to_end(
    command: Sequence[str], *, user: str | None = None, env: Mapping[str, str] | None = None
) -> str:
    """Runs a command that has to work; what it printed, or a ServiceError with it."""
    result = subprocess.run(
        [*bound_to_us(user), *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=env,
        check=False,
    )
    if result.returncode:
        raise ServiceError(f"{' '.join(command)} failed ({result.returncode}):\n{result.stdout}")
    return result.stdout


def tail(log: Path) -> str:
    try:
        lines = log.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        lines = []
    return "\n".join(lines[-LOG_LINES_SHOWN:]) or "(its log is empty)"


def bound_to_us(user: str | None = None) -> list[str]:
    """A prefix: the kernel kills the program when we die, however we die; root becomes `user`."""
    prefix = [program("setpriv", package="util-linux"), "--pdeathsig", "KILL"]
    if user and os.geteuid() == 0:
        prefix += ["--reuid", user, "--regid", user, "--init-groups"]
    return [*prefix, "--"]


def adopt_orphans() -> None:
    """From now on, a descendant whose parent dies becomes our child instead of the system's."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


def children() -> set[int]:
    """The process ids of our children, adopted ones too."""
    listed = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    return {int(number) for number in listed.split()}


def kill_children_but(spared: set[int]) -> None:
    """Kill all others, and in turn what their ends leave to us."""
    while doomed := children() - spared:
        for number in doomed:
            os.kill(number, signal.SIGKILL)
            os.waitpid(number, 0)


def _wait_until_ready(
    process: subprocess.Popen[bytes],
    ready: Callable[[], bool],
    patience: float,
    describe: Callable[[], str],
) -> None:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ServiceError(f"Ended with {process.returncode} instead of serving: {describe()}")
        with suppress(OSError):
            if ready():
                return
        time.sleep(0.02)
    raise ServiceError(f"Not ready after {patience:.0f} s: {describe()}")


def _stop(process: subprocess.Popen[bytes], stop_with: signal.Signals) -> None:
    try:
        _signal_group(process, stop_with)
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        pass
    finally:
        # Also when it ended well: a child that it left behind is in its group still.
        _signal_group(process, signal.SIGKILL)
        process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
