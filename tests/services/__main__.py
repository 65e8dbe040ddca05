"""`python -m tests.services run -- COMMAND…`: PostgreSQL and Redis while a command runs."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from types import FrameType

from tests.services.postgresql import postgresql
from tests.services.process import (
    ServiceError,
    adopt_orphans,
    bound_to_us,
    children,
    kill_children_but,
)
from tests.services.redis import redis

PATIENCE = 20


def main(arguments: list[str]) -> int:
    if arguments[:2] != ["run", "--"] or not arguments[2:]:
        sys.stderr.write("usage: python -m tests.services run -- COMMAND…\n")
        return 2
    # Leave through the context managers when told to stop.
    signal.signal(signal.SIGTERM, _leave)
    try:
        with postgresql() as database, redis() as cache:
            environment = os.environ | {"DATABASE_URL": database.url, "REDIS_URL": cache.url}
            return _run(arguments[2:], environment)
    except ServiceError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _run(command: list[str], environment: dict[str, str]) -> int:
    # Ctrl-C reaches the command as well, which knows better how to end; we wait for it.
    # (A handler, as the command would inherit SIG_IGN.)
    signal.signal(signal.SIGINT, lambda *_: None)
    # What the command leaves behind when it is killed, as the workers of its servers, is ours.
    adopt_orphans()
    services = children()
    process = subprocess.Popen([*bound_to_us(), *command], env=environment)
    try:
        code = process.wait()
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=PATIENCE)
        kill_children_but(services)
    return code if code >= 0 else 128 - code


def _leave(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
