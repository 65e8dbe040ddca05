"""What is copied and typed (S5, S6, S7)."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from enforcement.artefacts.commands import Platform, platforms


def commands(platform_id: str) -> list[str]:
    return [command.text for way in platform(platform_id).ways for command in way.commands]


def platform(platform_id: str) -> Platform:
    (found,) = (one for one in platforms(["acme"]) if one.id == platform_id)
    return found


def test_windows() -> None:
    assert commands("windows") == [
        r"Start-Process '.\Docker Desktop Installer.exe' -Wait 'install --allowed-org=acme'",
        '"Docker Desktop Installer.exe" install --allowed-org=acme',
        'Set-Content /ProgramData/DockerDesktop/registry.json \'{"allowedOrgs":["acme"]}\'',
        r"Get-Acl .\registry.json",
    ]
    acl = platform("windows").ways[-1].commands[-1].expected
    assert r"BUILTIN\Administrators" in acl
    assert r"NT AUTHORITY\SYSTEM Allow  FullControl" in acl


def test_mac() -> None:
    file = "'/Library/Application Support/com.docker.docker/registry.json'"
    assert commands("mac") == [
        "sudo hdiutil attach Docker.dmg",
        "sudo /Volumes/Docker/Docker.app/Contents/MacOS/install --allowed-org=acme",
        "sudo hdiutil detach /Volumes/Docker",
        "sudo mkdir -p '/Library/Application Support/com.docker.docker'",
        f'echo \'{{"allowedOrgs":["acme"]}}\' | sudo tee {file}',
        f"sudo cat {file}",
        f"sudo ls -l {file}",
    ]
    listing = platform("mac").ways[-1].commands[-1].expected
    assert listing.startswith("-rw-r--r-- 1 root admin 25 ")
    assert listing.endswith("/Library/Application Support/com.docker.docker/registry.json")


def test_linux() -> None:
    file = "/usr/share/docker-desktop/registry/registry.json"
    assert commands("linux") == [
        "sudo mkdir -p /usr/share/docker-desktop/registry",
        f'echo \'{{"allowedOrgs":["acme"]}}\' | sudo tee {file}',
        f"sudo cat {file}",
        f"sudo ls -l {file}",
    ]


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
        for command in platform(platform_id).ways[-1].commands:
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
