"""The files and commands that make Docker Desktop insist on a member (semantics, section 6).

Pure functions of the organizations' names at Docker Hub, in the order chosen. The page's commands
and the downloads come from the same functions, so they can't disagree.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from enforcement.artefacts.files import registry_json
from enforcement.artefacts.mac import configuration_profile, desktop_plist, plain_payload
from enforcement.artefacts.shell import (
    enforce_ansible,
    enforce_linux,
    enforce_mac,
    verify_linux,
    verify_mac,
)
from enforcement.artefacts.windows import (
    enforce_windows,
    registration_file,
    verify_windows,
)


@dataclass(frozen=True, slots=True)
class Artefact:
    """A file to bring to machines."""

    filename: str
    media_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class _Kind:
    media_type: str
    body: Callable[[Sequence[str]], bytes]


_SHELL = "application/x-shellscript"
_POWERSHELL = "application/x-powershell"

_KINDS = {
    "registry.json": _Kind("application/json", registry_json),
    "docker-desktop.reg": _Kind("text/x-ms-regedit", registration_file),
    "docker-desktop.mobileconfig": _Kind("application/x-apple-aspen-config", configuration_profile),
    "docker-desktop-payload.plist": _Kind("application/x-plist", plain_payload),
    "desktop.plist": _Kind("application/x-plist", desktop_plist),
    "enforce-windows.ps1": _Kind(_POWERSHELL, enforce_windows),
    "enforce-mac.sh": _Kind(_SHELL, enforce_mac),
    "enforce-linux.sh": _Kind(_SHELL, enforce_linux),
    "enforce-ansible.yml": _Kind("application/yaml", enforce_ansible),
    "verify-windows.ps1": _Kind(_POWERSHELL, verify_windows),
    "verify-mac.sh": _Kind(_SHELL, verify_mac),
    "verify-linux.sh": _Kind(_SHELL, verify_linux),
}

NAMES = tuple(_KINDS)


def artefact(name: str, organizations: Sequence[str]) -> Artefact:
    """The artefact of that name (one of `NAMES`), for these organizations."""
    kind = _KINDS[name]
    return Artefact(name, kind.media_type, kind.body(organizations))
