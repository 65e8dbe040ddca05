"""The tests' own services end with whoever runs them."""

import signal
import subprocess
import sys
from pathlib import Path

from tests.services.site import CHECKOUT

# Dies at once and leaves behind a process with a session of its own, as a server's worker has.
ABANDON = """
import subprocess, time
worker = subprocess.Popen(["sleep", "600"], start_new_session=True)
print(worker.pid, flush=True)
time.sleep(600)
"""


def test_nothing_outlives_a_run_that_is_told_to_stop() -> None:
    run = subprocess.Popen(
        [sys.executable, "-m", "tests.services", "run", "--", sys.executable, "-c", ABANDON],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
    )
    with run:
        assert run.stdout is not None
        worker = Path("/proc", run.stdout.readline().strip())
        assert worker.exists()
        run.send_signal(signal.SIGTERM)
    assert run.returncode == 128 + signal.SIGTERM
    assert not worker.exists()
