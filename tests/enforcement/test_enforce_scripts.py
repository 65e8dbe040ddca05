"""The scripts that put the file there, run for real below a scratch root."""

import os
import plistlib
import shutil
import subprocess
from pathlib import Path

import pytest

from enforcement.artefacts import artefact
from tests.enforcement.golden import CASES, FOLDER
from tests.enforcement.machine import ADMIN, LINUX, MAC, NOBODY, PLIST, Machine

SCRIPTS = ("enforce-linux.sh", "enforce-mac.sh", "verify-linux.sh", "verify-mac.sh")
# What each writes, for which group: a script with its words, the file, the artefact of its bytes.
PLACES = {
    "linux": (("enforce-linux.sh",), LINUX, 0, "registry.json"),
    "mac": (("enforce-mac.sh",), PLIST, ADMIN, "desktop.plist"),
    "mac's registry.json": (("enforce-mac.sh", "registry.json"), MAC, ADMIN, "registry.json"),
}
Place = tuple[tuple[str, ...], str, int, str]
every_place = pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)


def state(file: Path) -> tuple[str, int, int]:
    status = file.lstat()
    return oct(status.st_mode & 0o7777), status.st_uid, status.st_gid


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_shell_and_a_linter_accept_it(case: str, name: str) -> None:
    script = FOLDER / case / name
    for shell in (["dash"], ["bash", "--posix"]):
        subprocess.run([*shell, "-n", script], check=True)
    linter = shutil.which("shellcheck")
    assert linter, "shellcheck is missing: install Debian's shellcheck"
    subprocess.run([linter, "--shell=sh", "--severity=warning", script], check=True)


@every_place
def test_s5_it_writes_what_only_root_may_change(machine: Machine, place: Place) -> None:
    words, path, group, name = place
    done = machine.run(*words, organizations=("globex", "acme"))

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{machine.root}/{path} is written.\n"
    file = machine.root / path
    assert file.read_bytes() == artefact(name, ("globex", "acme")).body
    assert state(file) == ("0o644", 0, group)
    assert state(file.parent) == ("0o755", 0, group)
    assert state(file.parent.parent) == ("0o755", 0, 0)
    assert list(file.parent.iterdir()) == [file]


@every_place
def test_a_second_run_changes_nothing(machine: Machine, place: Place) -> None:
    words, path, _, _ = place
    machine.run(*words)
    before = (machine.root / path).lstat()
    done = machine.run(*words)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{machine.root}/{path} is as it should be already.\n"
    after = (machine.root / path).lstat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@every_place
@pytest.mark.parametrize(
    ("content", "mode", "owner"),
    [
        (b'{"allowedOrgs":["other"]}', 0o644, 0),
        (b"", 0o644, 0),
        (None, 0o666, 0),
        (None, 0o644, NOBODY),
        (None, 0o600, 0),
    ],
    ids=["other", "empty", "writable", "a user's", "unreadable"],
)
def test_it_mends_what_is_there(
    machine: Machine, place: Place, content: bytes | None, mode: int, owner: int
) -> None:
    words, path, group, name = place
    wished = artefact(name, ["acme"]).body
    file = machine.put(path, wished if content is None else content, group=group)
    file.chmod(mode)
    os.chown(file, owner, group)
    os.chown(file.parent, NOBODY, NOBODY)
    file.parent.chmod(0o777)

    assert machine.run(*words).returncode == 0
    assert file.read_bytes() == wished
    assert state(file) == ("0o644", 0, group)
    assert state(file.parent) == ("0o755", 0, group)


@every_place
def test_a_link_is_replaced_and_not_followed(machine: Machine, place: Place) -> None:
    words, path, group, _ = place
    elsewhere = machine.put("home/mel/registry.json", b"mine")
    file = machine.put(path, b"")
    file.unlink()
    file.symlink_to(elsewhere)

    assert machine.run(*words).returncode == 0
    assert not file.is_symlink()
    assert state(file) == ("0o644", 0, group)
    assert elsewhere.read_bytes() == b"mine"


def refused(done: subprocess.CompletedProcess[str], status: int, words: str) -> None:
    assert done.returncode == status
    assert done.stdout == ""
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


@every_place
def test_it_refuses_whoever_is_not_root(machine: Machine, place: Place) -> None:
    words, path, _, _ = place
    refused(machine.run(*words, as_root=False), 3, "run this as root")
    assert not (machine.root / path).exists()


@every_place
def test_it_refuses_a_folder_that_is_a_link(machine: Machine, place: Place) -> None:
    """A user's trick: the file would land in their own folder."""
    words, path, _, _ = place
    elsewhere = machine.root / "home"
    elsewhere.mkdir()
    folder = (machine.root / path).parent
    folder.parent.mkdir(parents=True)
    folder.symlink_to(elsewhere)

    refused(machine.run(*words), 1, "is not a folder")
    assert list(elsewhere.iterdir()) == []


@every_place
@pytest.mark.parametrize(("owner", "mode"), [(NOBODY, 0o755), (0, 0o757), (0, 0o775)])
def test_it_refuses_a_way_there_that_is_a_users(
    machine: Machine, place: Place, owner: int, mode: int
) -> None:
    words, path, _, _ = place
    above = (machine.root / path).parent.parent
    above.mkdir(parents=True)
    os.chown(above, owner, NOBODY)
    above.chmod(mode)

    refused(machine.run(*words), 1, f"{above} belongs to users, or they may write to it.")
    assert not (machine.root / path).exists()


@every_place
def test_it_says_so_where_nothing_can_be_written(machine: Machine, place: Place) -> None:
    words, path, _, _ = place
    machine.put(str(Path(path).parent.parent), b"a file where a folder should be")

    refused(machine.run(*words), 1, "can't be made. Is the disk writable?")


@every_place
def test_it_says_so_where_the_file_is_a_folder(machine: Machine, place: Place) -> None:
    words, path, _, _ = place
    (machine.root / path).mkdir(parents=True)

    refused(machine.run(*words), 1, "is a folder. Remove it first.")


@pytest.mark.parametrize(("script", "last"), [("enforce-linux.sh", LINUX), ("enforce-mac.sh", MAC)])
def test_undo(machine: Machine, script: str, last: str) -> None:
    words = (script,) if script == "enforce-linux.sh" else (script, "registry.json")
    machine.run(script)
    machine.run(*words)
    for _ in range(2):
        done = machine.run(script, "undo")
        assert (done.returncode, done.stderr) == (0, "")
        assert f"{last} is not there any more." in done.stdout
        assert not (machine.root / last).exists()
        assert not (machine.root / PLIST).exists()


@pytest.mark.parametrize("script", ["enforce-linux.sh", "enforce-mac.sh"])
@pytest.mark.parametrize("words", [["remove"], ["undo", "undo"], ["--help"]])
def test_what_it_does_not_know_it_refuses(machine: Machine, script: str, words: list[str]) -> None:
    done = machine.run(script, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert not list(machine.root.iterdir())


def test_a_root_that_is_not_there_is_refused(machine: Machine) -> None:
    machine.root.rmdir()
    refused(machine.run("enforce-linux.sh"), 2, "and there is no such folder.")
    machine.root.mkdir()


def test_the_plist_in_the_script_is_the_one_to_download(machine: Machine) -> None:
    machine.run("enforce-mac.sh", organizations=("globex", "acme"))
    written = plistlib.loads((machine.root / PLIST).read_bytes())
    assert written == {"allowedOrgs": ["globex", "acme"]}


def test_the_tasks_for_ansible_do_the_same(machine: Machine) -> None:
    """Run by Ansible itself, twice: the second time nothing changes."""
    ansible = shutil.which("ansible-playbook")
    assert ansible, "ansible-playbook is missing: install Debian's ansible-core"
    tasks = machine.root.parent / "enforce-ansible.yml"
    tasks.write_bytes(artefact("enforce-ansible.yml", ("globex", "acme")).body)
    playbook = machine.root.parent / "playbook.yml"
    playbook.write_text(
        "- hosts: localhost\n  connection: local\n  gather_subset: [min]\n  tasks:\n"
        "    - ansible.builtin.import_tasks: enforce-ansible.yml\n"
    )
    for changed in (2, 0):
        done = subprocess.run(
            [ansible, "--extra-vars", f"docker_desktop_root='{machine.root}/'", playbook],
            env={**os.environ, "ANSIBLE_LOCALHOST_WARNING": "false", "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"changed={changed} " in done.stdout
        assert "failed=0" in done.stdout
    file = machine.root / LINUX
    assert file.read_bytes() == artefact("registry.json", ("globex", "acme")).body
    assert state(file) == ("0o644", 0, 0)
    assert state(file.parent) == ("0o755", 0, 0)
