"""A machine to run the scripts on: a folder that is its root, and a real shell."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from enforcement.artefacts import artefact

NOBODY = 65534
ADMIN = 80  # the number of the group `admin` on every Mac
LINUX = "usr/share/docker-desktop/registry/registry.json"
MAC = "Library/Application Support/com.docker.docker/registry.json"
PLIST = "Library/Application Support/com.docker.docker/desktop.plist"
MANAGED = "Library/Managed Preferences/com.docker.config.plist"


@dataclass(frozen=True, slots=True)
class Machine:
    root: Path

    def run(
        self, name: str, *words: str, organizations: Sequence[str] = ("acme",), as_root: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run the artefact of that name, as root or as somebody else, with a umask of its own."""
        script = self.root.parent / name
        script.write_bytes(artefact(name, organizations).body)
        who = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        return subprocess.run(
            [*([] if as_root else who), "sh", str(script), *words],
            env={**os.environ, "DESTDIR": str(self.root)},
            umask=0o077,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            check=False,
        )

    def put(self, path: str, content: bytes, *, group: int = 0) -> Path:
        """A file as an administrator would have put it there."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        file.chmod(0o644)
        os.chown(file, 0, group)
        return file
