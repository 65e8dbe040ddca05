"""What is copied and typed (S5, S6, S7)."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from enforcement.artefacts import NAMES
from enforcement.artefacts.guide import Command, Platform
from enforcement.artefacts.platforms import platforms
from tests.enforcement.machine import Machine


def platform(platform_id: str, *organizations: str) -> Platform:
    (found,) = (one for one in platforms(organizations or ["acme"]) if one.id == platform_id)
    return found


def commands(platform_id: str, way: str) -> list[Command]:
    (found,) = (one for one in platform(platform_id).ways if one.title == way)
    return [command for steps in found.steps for command in steps.commands]


def texts(platform_id: str, way: str) -> list[str]:
    return [command.text for command in commands(platform_id, way)]


INSTALLED = "When Docker Desktop is installed"
BY_HAND = "By hand, where it is installed already"


def test_s6_when_it_is_installed() -> None:
    assert texts("windows", INSTALLED) == [
        r"Start-Process '.\Docker Desktop Installer.exe' -Wait 'install --allowed-org=acme'",
        '"Docker Desktop Installer.exe" install --allowed-org=acme',
    ]
    assert texts("mac", INSTALLED) == [
        "sudo hdiutil attach Docker.dmg",
        "sudo /Volumes/Docker/Docker.app/Contents/MacOS/install --allowed-org=acme",
        "sudo hdiutil detach /Volumes/Docker",
    ]


def test_s7_by_hand_on_windows() -> None:
    write, check, *_ = commands("windows", BY_HAND)
    assert write.text == (
        'Set-Content /ProgramData/DockerDesktop/registry.json \'{"allowedOrgs":["acme"]}\''
    )
    assert check.text == r"Get-Acl .\registry.json"
    assert r"BUILTIN\Administrators" in check.expected
    assert r"NT AUTHORITY\SYSTEM Allow  FullControl" in check.expected


@pytest.mark.parametrize(
    ("platform_id", "file", "folder", "listing"),
    [
        (
            "mac",
            "'/Library/Application Support/com.docker.docker/registry.json'",
            "'/Library/Application Support/com.docker.docker'",
            "-rw-r--r-- 1 root admin 25 ",
        ),
        (
            "linux",
            "/usr/share/docker-desktop/registry/registry.json",
            "/usr/share/docker-desktop/registry",
            "-rw-r--r-- 1 root root 25 ",
        ),
    ],
)
def test_s7_by_hand_in_a_terminal(platform_id: str, file: str, folder: str, listing: str) -> None:
    typed = commands(platform_id, BY_HAND)
    assert [command.text for command in typed] == [
        f"sudo mkdir -p {folder}",
        f'echo \'{{"allowedOrgs":["acme"]}}\' | sudo tee {file}',
        f"sudo cat {file}",
        f"sudo ls -l {file}",
    ]
    assert [command.expected for command in typed[1:3]] == ['{"allowedOrgs":["acme"]}'] * 2
    assert typed[-1].expected.startswith(listing)
    assert typed[-1].expected.endswith(file.strip("'"))


def test_s8_the_strongest_way_first_in_the_order_of_what_counts() -> None:
    assert platform("windows").ways[0].title == "Registry key"
    assert platform("windows").places == ("registry key", "registry.json")
    assert [way.title for way in platform("mac").ways][:2] == [
        "Configuration profile",
        "desktop.plist",
    ]
    assert platform("mac").places == ("configuration profile", "desktop.plist", "registry.json")


@pytest.mark.parametrize("platform_id", ["windows", "mac", "linux"])
def test_every_way_says_what_it_needs_and_its_downloads_exist(platform_id: str) -> None:
    shown = platform(platform_id)
    assert len(shown.ways) >= 3
    assert all("Docker Desktop 4." in way.needs for way in shown.ways)
    downloads = [name for way in shown.ways for name in way.downloads]
    assert set(downloads) | set(shown.verify_downloads) <= set(NAMES)
    assert (Path(__file__).parents[2] / shown.docs).is_file()


def test_every_artefact_is_offered_once() -> None:
    """`registry.json`, which is for all platforms, stands before them."""
    offered = ["registry.json"]
    for shown in platforms(["acme"]):
        offered += [name for way in shown.ways for name in way.downloads]
        offered += shown.verify_downloads
    assert sorted(offered) == sorted(NAMES)


OUR_SCRIPT = re.compile(r"(?:enforce|verify)-(?:windows|mac|linux)\.\w+")


def test_every_script_that_is_typed_can_be_downloaded() -> None:
    for shown in platforms(["acme"]):
        for command in shown.commands():
            for script in OUR_SCRIPT.findall(command.text):
                assert script in NAMES


@pytest.mark.parametrize(
    ("user_agent", "first"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0", "windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Safari", "mac"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0", "linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X)", "mac"),
        ("curl/8.0", "windows"),
        ("", "windows"),
    ],
)
def test_the_visitors_platform_first(user_agent: str, first: str) -> None:
    ids = [one.id for one in platforms(["acme"], user_agent)]
    assert ids[0] == first
    assert sorted(ids) == ["linux", "mac", "windows"]


@pytest.mark.parametrize("names", [("acme",), ("globex", "acme-at-hub")])
def test_the_page_shows_what_the_scripts_print(machine: Machine, names: tuple[str, ...]) -> None:
    """The expected output of each command that runs one of our shell scripts, run for real."""
    ran = 0
    for shown in platforms(names)[1:]:
        for command in shown.commands():
            _, sh, words = command.text.removeprefix("sudo ").partition("sh ")
            if sh and not command.text.startswith(("echo", "sudo /", "powershell", "ansible")):
                done = machine.run(*words.split(), organizations=names)
                assert done.stdout.replace(str(machine.root), "") == f"{command.expected}\n"
                ran += 1
    assert ran == 6


@pytest.mark.parametrize("platform_id", ["mac", "linux"])
def test_the_shell_commands_do_what_is_expected(platform_id: str, tmp_path: Path) -> None:
    """Run for real below a scratch root, with a sudo that is only itself."""
    fake = tmp_path / "bin"
    fake.mkdir()
    (fake / "sudo").write_text('#!/bin/sh\nexec "$@"\n')
    (fake / "sudo").chmod(0o755)
    file = platform(platform_id).file
    folder = os.path.dirname(file)
    environment = {**os.environ, "PATH": f"{fake}:{os.environ['PATH']}", "LC_ALL": "C"}
    old_umask = os.umask(0o022)
    try:
        for command in commands(platform_id, BY_HAND):
            text = command.text.replace(folder, f"{tmp_path}{folder}")
            done = subprocess.run(
                ["sh", "-c", text], env=environment, capture_output=True, text=True, check=True
            )
            if "ls -l" in text:
                mode, _, _, _, size, *_ = done.stdout.split()
                expected_mode, _, _, _, expected_size, *_ = command.expected.split()
                assert (mode, size) == (expected_mode, expected_size)
            else:
                assert done.stdout.strip() == command.expected
    finally:
        os.umask(old_umask)
    assert json.loads(Path(f"{tmp_path}{file}").read_text()) == {"allowedOrgs": ["acme"]}
