"""Mac: the configuration profile, `desktop.plist`, `registry.json` (S6, S7, S8)."""

import shlex
from collections.abc import Sequence

from enforcement.artefacts.files import registry_json
from enforcement.artefacts.guide import (
    Command,
    Platform,
    Steps,
    Trouble,
    Way,
    by_hand,
    installer_flags,
    report,
    run_as_root,
    same_everywhere,
)
from enforcement.artefacts.places import ALLOWED_ORGS, MAC_FILE, MAC_FOLDER, MAC_MANAGED, MAC_PLIST

PLACES = ("configuration profile", "desktop.plist", "registry.json")
TERMINAL = "Terminal"


def mac(organizations: Sequence[str]) -> Platform:
    return Platform(
        id="mac",
        name="Mac",
        file=MAC_FILE,
        protection="-rw-r--r-- root admin: only administrators may write it.",
        places=PLACES,
        ways=(
            _profile(organizations),
            _plist(organizations),
            _installer(organizations),
            _by_hand(organizations),
        ),
        verify=_verify(organizations),
        verify_downloads=("verify-mac.sh",),
        undo=_undo(),
        troubles=_troubles(),
        docs="docs/administrators/enforce-sign-in-mac.md",
    )


def _profile(organizations: Sequence[str]) -> Way:
    return Way(
        "Configuration profile",
        "macOS itself protects it, device management installs it, and users can't remove what "
        "device management has installed. It counts before any file.",
        "Docker Desktop 4.36 or later, and device management (Jamf, Intune, Kandji and the like). "
        "A tool that makes the profile itself wants the payload alone, for com.docker.config.",
        ("docker-desktop.mobileconfig", "docker-desktop-payload.plist"),
        (
            Steps(
                TERMINAL,
                (
                    Command(
                        "Where the profile has arrived, macOS tells what it set.",
                        f"defaults read {shlex.quote(MAC_MANAGED.removesuffix('.plist'))} "
                        f"{ALLOWED_ORGS}",
                        ";".join(organizations),
                    ),
                ),
            ),
        ),
    )


def _plist(organizations: Sequence[str]) -> Way:
    path = shlex.quote(MAC_PLIST)
    return Way(
        "desktop.plist",
        "A file that counts before registry.json, for Macs without device management.",
        "Docker Desktop 4.32 or later; several organizations from 4.36 on.",
        ("desktop.plist", "enforce-mac.sh"),
        (
            Steps(
                TERMINAL,
                (
                    run_as_root(
                        "enforce-mac.sh",
                        purpose="With the script, which also makes sure that users can't change "
                        "the file.",
                        expected=f"{MAC_PLIST} is written.",
                    ),
                    Command(
                        "Or by hand, in the folder with the download.",
                        f"sudo mkdir -p {shlex.quote(MAC_FOLDER)} && "
                        f"sudo install -o root -g admin -m 644 desktop.plist {path}",
                    ),
                    Command(
                        "Check what it says.",
                        f"plutil -convert json -o - {path}",
                        registry_json(organizations).decode(),
                    ),
                ),
            ),
        ),
    )


def _installer(organizations: Sequence[str]) -> Way:
    return Way(
        "When Docker Desktop is installed",
        "The installer writes registry.json, once: a later change needs another way.",
        "Docker Desktop 4.0 or later. Docker describes it for one organization; verify the file "
        "if you set several.",
        (),
        (
            Steps(
                TERMINAL,
                (
                    Command("Open the disk image.", "sudo hdiutil attach Docker.dmg"),
                    Command(
                        "Install with the organization set.",
                        "sudo /Volumes/Docker/Docker.app/Contents/MacOS/install "
                        + installer_flags(organizations),
                    ),
                    Command("Close the disk image.", "sudo hdiutil detach /Volumes/Docker"),
                ),
            ),
        ),
    )


def _by_hand(organizations: Sequence[str]) -> Way:
    return Way(
        "By hand, where it is installed already",
        "A file that every version reads. It counts only where there is neither of the first two. "
        "sudo sh enforce-mac.sh registry.json does the same, protects it and checks it.",
        "Docker Desktop 4.0 or later; several organizations from 4.36 on.",
        (),
        (by_hand(organizations, MAC_FILE, group="admin"),),
    )


def _verify(organizations: Sequence[str]) -> tuple[Steps, ...]:
    return (
        Steps(
            TERMINAL,
            (
                Command(
                    "With the script: which place counts, for whom, and whether users could "
                    "change it. Here after desktop.plist was written.",
                    "sh verify-mac.sh",
                    report(PLACES, "desktop.plist", MAC_PLIST, organizations),
                ),
            ),
        ),
    )


def _undo() -> tuple[Steps, ...]:
    return (
        Steps(
            TERMINAL,
            (
                run_as_root(
                    "enforce-mac.sh",
                    "undo",
                    purpose="Remove both files. A profile is removed where it was installed: in "
                    "your device management.",
                    expected=f"{MAC_PLIST} is not there any more.\n"
                    f"{MAC_FILE} is not there any more.",
                ),
            ),
        ),
    )


def _troubles() -> tuple[Trouble, ...]:
    return (
        *same_everywhere("verify-mac.sh"),
        Trouble(
            "The profile is listed, and Docker Desktop asks nobody",
            "It was installed for one person, not for the Mac. Install it on the device channel: "
            "System Settings lists it under Device (Managed).",
        ),
        Trouble(
            "macOS says that the profile is not signed or not verified",
            "Device management signs what it installs. Installed by hand it works, after the "
            "warning.",
        ),
    )
