"""What the tests of this room share."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.enforcement.machine import Machine


@pytest.fixture
def machine() -> Iterator[Machine]:
    # Not below pytest's own folder, into which nobody but root may look.
    folder = Path(tempfile.mkdtemp(prefix="hubadmin-machine-"))
    folder.chmod(0o755)
    old_umask = os.umask(0o022)
    root = folder / "root folder"
    root.mkdir()
    yield Machine(root)
    os.umask(old_umask)
    shutil.rmtree(folder)
