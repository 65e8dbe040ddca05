"""What to type on each platform: to install, to write the file by hand, to check it (S6, S7)."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from enforcement.artefacts.files import registry_json
from enforcement.artefacts.places import LINUX_FILE, MAC_FILE, WINDOWS_FILE


@dataclass(frozen=True, slots=True)
class Command:
    """Something to type, what it is for, and what it prints when all is well."""

    purpose: str
    text: str
    expected: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to enforce sign-in: its commands in order."""

    title: str
    shell: str
    commands: tuple[Command, ...]


@dataclass(frozen=True, slots=True)
class Platform:
    """An operating system, where the file lies on it and how it must be protected (S5)."""

    id: str
    name: str
    file: str
    protection: str
    ways: tuple[Way, ...]


def platforms(organizations: Sequence[str]) -> tuple[Platform, ...]:
    """Windows, Mac and Linux with their commands for these organizations (S6, S7)."""
    return (_windows(organizations), _mac(organizations), _linux(organizations))


def _windows(organizations: Sequence[str]) -> Platform:
    flags = _flags(organizations)
    text = registry_json(organizations).decode()
    return Platform(
        "windows",
        "Windows",
        WINDOWS_FILE,
        "Administrators may write it, users only read it.",
        (
            Way(
                "When Docker Desktop is installed",
                "PowerShell",
                (
                    Command(
                        "Install with the organization set.",
                        f"Start-Process '.\\Docker Desktop Installer.exe' -Wait 'install {flags}'",
                    ),
                ),
            ),
            Way(
                "When Docker Desktop is installed",
                "Command Prompt",
                (
                    Command(
                        "Install with the organization set.",
                        f'"Docker Desktop Installer.exe" install {flags}',
                    ),
                ),
            ),
            Way(
                "By hand, where it is installed already",
                "PowerShell as administrator",
                (
                    Command("Write the file.", f"Set-Content {WINDOWS_FILE} '{text}'"),
                    Command(
                        "In the file's folder, check who may write it: BUILTIN\\Administrators "
                        "must own it, with full control for NT AUTHORITY\\SYSTEM.",
                        "Get-Acl .\\registry.json",
                        _acl(),
                    ),
                ),
            ),
        ),
    )


def _mac(organizations: Sequence[str]) -> Platform:
    return Platform(
        "mac",
        "Mac",
        MAC_FILE,
        "-rw-r--r-- root admin: only administrators may write it.",
        (
            Way(
                "When Docker Desktop is installed",
                "Terminal",
                (
                    Command("Open the disk image.", "sudo hdiutil attach Docker.dmg"),
                    Command(
                        "Install with the organization set.",
                        "sudo /Volumes/Docker/Docker.app/Contents/MacOS/install "
                        + _flags(organizations),
                    ),
                    Command("Close the disk image.", "sudo hdiutil detach /Volumes/Docker"),
                ),
            ),
            _by_hand(organizations, MAC_FILE, group="admin"),
        ),
    )


def _linux(organizations: Sequence[str]) -> Platform:
    return Platform(
        "linux",
        "Linux",
        LINUX_FILE,
        "-rw-r--r-- root root: only root may write it.",
        (_by_hand(organizations, LINUX_FILE, group="root"),),
    )


def _by_hand(organizations: Sequence[str], file: str, *, group: str) -> Way:
    text = registry_json(organizations).decode()
    folder, path = shlex.quote(file.rpartition("/")[0]), shlex.quote(file)
    size = len(text) + 1  # echo ends the line
    return Way(
        "By hand, where it is installed already",
        "Terminal",
        (
            Command("Make the folder.", f"sudo mkdir -p {folder}"),
            Command("Write the file.", f"echo {shlex.quote(text)} | sudo tee {path}", text),
            Command("Check what it says.", f"sudo cat {path}", text),
            Command(
                "Check who may write it (yours has another date).",
                f"sudo ls -l {path}",
                f"-rw-r--r-- 1 root {group} {size} Jan  1 12:00 {file}",
            ),
        ),
    )


def _flags(organizations: Sequence[str]) -> str:
    return " ".join(f"--allowed-org={organization}" for organization in organizations)


def _acl() -> str:
    return (
        "Path           Owner                   Access\n"
        "----           -----                   ------\n"
        "registry.json  BUILTIN\\Administrators  NT AUTHORITY\\SYSTEM Allow  FullControl..."
    )
