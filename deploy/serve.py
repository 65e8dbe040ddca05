"""Serves the site: granian, with workers that count together for Prometheus.

Usage: serve.py [granian's options and arguments]

Each worker counts in a file of its own, and whichever is scraped adds them up. The folder of these
files is new at each start and gone at the end; TMPDIR says where it is made.
"""

import os
import shutil
import tempfile

from granian.cli import entrypoint

folder = tempfile.mkdtemp(prefix="hubadmin-metrics-")
# Before a worker imports prometheus_client, which looks only then.
os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
try:
    entrypoint()  # type: ignore[no-untyped-call]  # theirs has none
finally:
    shutil.rmtree(folder, ignore_errors=True)
