"""The Celery worker, beside a site that is served already."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services.process import running
from tests.services.site import CHECKOUT


@contextmanager
def worker(environment: dict[str, str], log: Path) -> Iterator[None]:
    """Works off the queue of the site whose environment this is."""
    celery = [sys.executable, "-m", "celery", "--app", "hubadmin"]
    name = "celery@of-a-test"

    def ready() -> bool:
        ping = [*celery, "inspect", "ping", "--destination", name]
        result = subprocess.run(
            ping, cwd=CHECKOUT, env=environment, capture_output=True, check=False
        )
        return result.returncode == 0

    command = [*celery, "worker", "--concurrency", "1", "--hostname", name]
    with running(command, log=log, ready=ready, env=environment, cwd=CHECKOUT):
        yield
