"""Linux: `registry.json` alone, kept there by Ansible, a script or by hand (S7)."""

from collections.abc import Sequence

from enforcement.artefacts.guide import (
    Command,
    Platform,
    Steps,
    Trouble,
    Way,
    by_hand,
    report,
    run_as_root,
    same_everywhere,
)
from enforcement.artefacts.places import LINUX_FILE

PLACES = ("registry.json",)
TERMINAL = "Terminal"
NEEDS = "Docker Desktop 4.0 or later; several organizations from 4.36 on."


def linux(organizations: Sequence[str]) -> Platform:
    return Platform(
        id="linux",
        name="Linux",
        file=LINUX_FILE,
        protection="-rw-r--r-- root root: only root may write it.",
        places=PLACES,
        ways=(_ansible(), _script(), _by_hand(organizations)),
        verify=_verify(organizations),
        verify_downloads=("verify-linux.sh",),
        undo=_undo(),
        troubles=_troubles(),
        docs="docs/administrators/enforce-sign-in-linux.md",
    )


def _ansible() -> Way:
    return Way(
        "Ansible",
        "The strongest here: it puts the file back at each run, whoever has changed it. The "
        "tasks work on Macs too.",
        f"{NEEDS} Import the tasks in a play that becomes root.",
        ("enforce-ansible.yml",),
        (
            Steps(
                TERMINAL,
                (
                    Command(
                        "See first what would change, with a playbook of yours that imports them.",
                        "ansible-playbook --check --diff enforce-sign-in.yml",
                    ),
                    Command("Then change it.", "ansible-playbook enforce-sign-in.yml"),
                ),
            ),
        ),
    )


def _script() -> Way:
    return Way(
        "Script",
        "Run it from whatever reaches your machines, as often as you like. It protects the file "
        "and its folder, and reads back what it wrote.",
        NEEDS,
        ("enforce-linux.sh",),
        (
            Steps(
                TERMINAL,
                (
                    run_as_root(
                        "enforce-linux.sh",
                        purpose="Write the file.",
                        expected=f"{LINUX_FILE} is written.",
                    ),
                ),
            ),
        ),
    )


def _by_hand(organizations: Sequence[str]) -> Way:
    return Way(
        "By hand, where it is installed already",
        "For one machine, and to see what the others do.",
        NEEDS,
        (),
        (by_hand(organizations, LINUX_FILE, group="root"),),
    )


def _verify(organizations: Sequence[str]) -> tuple[Steps, ...]:
    return (
        Steps(
            TERMINAL,
            (
                Command(
                    "With the script: for whom it is, and whether users could change it.",
                    "sh verify-linux.sh",
                    report(PLACES, "registry.json", LINUX_FILE, organizations),
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
                    "enforce-linux.sh",
                    "undo",
                    purpose="Remove the file, and Ansible's tasks if you have them.",
                    expected=f"{LINUX_FILE} is not there any more.",
                ),
            ),
        ),
    )


def _troubles() -> tuple[Trouble, ...]:
    return (
        *same_everywhere("verify-linux.sh"),
        Trouble(
            "Somebody works without Docker Desktop",
            "On Linux the Docker Engine runs without it, and reads none of this. Let the "
            "registries refuse pulls without a sign-in: that holds for every client.",
        ),
    )
