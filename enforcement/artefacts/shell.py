"""The scripts for Linux and Macs, and the tasks for Ansible, which brings the file to both."""

import json
import shlex
from collections.abc import Sequence

from enforcement.artefacts.files import registry_json
from enforcement.artefacts.mac import desktop_plist
from enforcement.artefacts.places import LINUX_FILE, MAC_FILE, MAC_MANAGED, MAC_PLIST
from enforcement.artefacts.script_files import filled_in


def enforce_linux(organizations: Sequence[str]) -> bytes:
    """Writes `registry.json` where only root may change it."""
    return _shell(
        "enforce-linux.sh", LINUX_FILE=LINUX_FILE, REGISTRY_JSON=_json_text(organizations)
    )


def enforce_mac(organizations: Sequence[str]) -> bytes:
    """Writes `desktop.plist`, or `registry.json` where Docker Desktop is older."""
    return _shell(
        "enforce-mac.sh",
        MAC_PLIST=MAC_PLIST,
        MAC_FILE=MAC_FILE,
        DESKTOP_PLIST=desktop_plist(organizations).decode(),
        REGISTRY_JSON=_json_text(organizations),
    )


def verify_linux(organizations: Sequence[str]) -> bytes:
    """Says what is there, and whether it is for these organizations."""
    return _shell("verify-linux.sh", LINUX_FILE=LINUX_FILE, ORGANIZATIONS=" ".join(organizations))


def verify_mac(organizations: Sequence[str]) -> bytes:
    """The same on a Mac, which has three places to look at."""
    return _shell(
        "verify-mac.sh",
        MAC_MANAGED=MAC_MANAGED,
        MAC_PLIST=MAC_PLIST,
        MAC_FILE=MAC_FILE,
        ORGANIZATIONS=" ".join(organizations),
    )


def enforce_ansible(organizations: Sequence[str]) -> bytes:
    """Tasks that write `registry.json` on Linux and Macs."""
    values = {
        "LINUX_FILE": LINUX_FILE,
        "MAC_FILE": MAC_FILE,
        "REGISTRY_JSON": _json_text(organizations),
    }
    # A string in JSON is one in YAML too.
    quoted = {name: json.dumps(value) for name, value in values.items()}
    return filled_in("enforce-ansible.yml", **quoted).encode()


def _json_text(organizations: Sequence[str]) -> str:
    return registry_json(organizations).decode()


def _shell(file: str, **values: str) -> bytes:
    return filled_in(file, **{name: shlex.quote(value) for name, value in values.items()}).encode()
