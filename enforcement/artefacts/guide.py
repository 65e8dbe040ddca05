"""What the page tells for one platform: the ways in, and how to verify and to undo them."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from enforcement.artefacts.files import registry_json

ALSO_AT_HUB = (
    "Check that the name is your organization's at Docker Hub, and that the person is a member "
    "there. They can also sign in with another account."
)


@dataclass(frozen=True, slots=True)
class Command:
    """Something to type, what it is for, and what it prints when all is well."""

    purpose: str
    text: str
    expected: str = ""


@dataclass(frozen=True, slots=True)
class Steps:
    """Commands in order, and the shell to type them in."""

    shell: str
    commands: tuple[Command, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """One way to enforce sign-in, why to take it, and what it needs.

    `downloads` are artefacts by name.
    """

    title: str
    why: str
    needs: str
    downloads: tuple[str, ...]
    steps: tuple[Steps, ...]


@dataclass(frozen=True, slots=True)
class Trouble:
    """What somebody sees, and what to do about it."""

    sign: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Platform:
    """An operating system: where its file lies and how it is protected (S5), which of its places
    counts (S8), and its ways, the strongest first.
    """

    id: str
    name: str
    file: str
    protection: str
    places: tuple[str, ...]
    ways: tuple[Way, ...]
    verify: tuple[Steps, ...]
    verify_downloads: tuple[str, ...]
    undo: tuple[Steps, ...]
    troubles: tuple[Trouble, ...]
    docs: str

    def commands(self) -> list[Command]:
        """All of them, in the order in which the page has them."""
        ways = [steps for way in self.ways for steps in way.steps]
        listed = [*ways, *self.verify, *self.undo]
        return [command for steps in listed for command in steps.commands]


def installer_flags(organizations: Sequence[str]) -> str:
    """What the installers take (S6)."""
    return " ".join(f"--allowed-org={organization}" for organization in organizations)


def by_hand(organizations: Sequence[str], file: str, *, group: str) -> Steps:
    """The lines that write `registry.json` on a Mac or Linux, and check it (S7)."""
    text = registry_json(organizations).decode()
    folder, path = shlex.quote(file.rpartition("/")[0]), shlex.quote(file)
    size = len(text) + 1  # echo ends the line
    return Steps(
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


def run_as_root(script: str, *words: str, purpose: str, expected: str) -> Command:
    """A script of ours, in a terminal."""
    return Command(purpose, " ".join(["sudo", "sh", script, *words]), expected)


def report(places: Sequence[str], counts: str, where: str, organizations: Sequence[str]) -> str:
    """What a verification script prints where only `counts` of the places is there, and right."""
    lines = []
    for number, place in enumerate(places, start=1):
        if place == counts:
            lines += [f"{number}. {place}: this one counts. {where}"]
            lines += [f"   Organizations: {' '.join(organizations)}"]
        else:
            lines += [f"{number}. {place}: not there."]
    return "\n".join([*lines, "Enforced, and only administrators may change it."])


def same_everywhere(verify: str) -> tuple[Trouble, ...]:
    """What can happen on every platform."""
    return (
        Trouble(
            "Docker Desktop starts and asks nobody",
            "It looks only when it starts: quit it, also from the tray or the menu bar, and start "
            "it again. Then check that its version is the one that the way needs.",
        ),
        Trouble(
            "It asks for another organization",
            "Another place counts before the one you wrote to, or an older file is still there. "
            f"{verify} says which counts.",
        ),
        Trouble("Somebody is a member and still can't sign in", ALSO_AT_HUB),
    )
