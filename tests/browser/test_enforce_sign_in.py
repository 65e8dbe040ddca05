"""Enforce Sign-in: what owners download and copy, and what members see of it."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.steps import ENFORCE_SIGN_IN, ORG_PERMISSIONS, cells, open_settings

FILE = '{"allowedOrgs":["acme"]}'
MAC_FILE = "/Library/Application Support/com.docker.docker/registry.json"
# S6 and S7, written out once more: the page must not be measured by its own functions.
COMMANDS = {
    "Windows": [
        r"Start-Process '.\Docker Desktop Installer.exe' -Wait 'install --allowed-org=acme'",
        '"Docker Desktop Installer.exe" install --allowed-org=acme',
        f"Set-Content /ProgramData/DockerDesktop/registry.json '{FILE}'",
        r"Get-Acl .\registry.json",
    ],
    "Mac": [
        "sudo hdiutil attach Docker.dmg",
        "sudo /Volumes/Docker/Docker.app/Contents/MacOS/install --allowed-org=acme",
        "sudo hdiutil detach /Volumes/Docker",
        "sudo mkdir -p '/Library/Application Support/com.docker.docker'",
        f"echo '{FILE}' | sudo tee '{MAC_FILE}'",
        f"sudo cat '{MAC_FILE}'",
        f"sudo ls -l '{MAC_FILE}'",
    ],
    "Linux": [
        "sudo mkdir -p /usr/share/docker-desktop/registry",
        f"echo '{FILE}' | sudo tee /usr/share/docker-desktop/registry/registry.json",
        "sudo cat /usr/share/docker-desktop/registry/registry.json",
        "sudo ls -l /usr/share/docker-desktop/registry/registry.json",
    ],
}
EXPECTED_OUTPUTS = {
    "Windows": ["BUILTIN\\Administrators", "NT AUTHORITY\\SYSTEM Allow  FullControl"],
    "Mac": [FILE, "-rw-r--r-- 1 root admin 25"],
    "Linux": [FILE, "-rw-r--r-- 1 root root 25"],
}


def downloaded(page: Page) -> bytes:
    with page.expect_download() as started:
        page.get_by_role("link", name="Download registry.json").click()
    assert started.value.suggested_filename == "registry.json"
    return Path(started.value.path()).read_bytes()


def test_s1_olivia_downloads_the_file(visit: Visit) -> None:
    olivia = visit("olivia")
    open_settings(olivia, "Enforce Sign-in")

    assert downloaded(olivia) == b'{"allowedOrgs":["acme"]}'


def test_s1_the_file_has_the_name_at_docker_hub(visit: Visit) -> None:
    olivia = visit("olivia")
    try:
        call_at_docker_hub(olivia, "acme-at-hub")
        open_settings(olivia, "Enforce Sign-in")
        assert downloaded(olivia) == b'{"allowedOrgs":["acme-at-hub"]}'
        for platform in COMMANDS:
            section = olivia.get_by_role("region", name=platform)
            expect(section).to_contain_text('{"allowedOrgs":["acme-at-hub"]}')
    finally:
        call_at_docker_hub(olivia, "acme")


def call_at_docker_hub(page: Page, name: str) -> None:
    open_settings(page, "General")
    page.get_by_label("Organization at Docker Hub").fill(name)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("The settings are saved.")


@pytest.mark.parametrize("platform", COMMANDS)
def test_s6_s7_olivia_copies_the_commands(visit: Visit, platform: str) -> None:
    olivia = visit("olivia", permissions=["clipboard-read", "clipboard-write"])
    olivia.goto(ENFORCE_SIGN_IN)
    section = olivia.get_by_role("region", name=platform)

    copied = []
    for button in section.get_by_role("button").all():
        button.click()
        expect(button).to_contain_text("Copied")
        copied.append(olivia.evaluate("navigator.clipboard.readText()"))
    assert copied == COMMANDS[platform]

    outputs = "\n".join(section.locator(".expected").all_inner_texts())
    for line in EXPECTED_OUTPUTS[platform]:
        assert line in outputs


def test_s4_mel_reads_and_takes_nothing(visit: Visit) -> None:
    mel = visit("mel")
    open_settings(mel, "Enforce Sign-in")

    main = mel.get_by_role("main")
    expect(main).to_contain_text("Owners of acme download the file and roll it out.")
    expect(main).to_contain_text(FILE)
    expect(main.locator("input, select, textarea, button, form")).to_have_count(0)
    expect(main.get_by_role("link", name="Download")).to_have_count(0)
    assert mel.request.get(f"{ENFORCE_SIGN_IN}registry.json").status == 403


@pytest.mark.parametrize("person", ["olivia", "mel"])
@pytest.mark.parametrize("path", [ORG_PERMISSIONS, ENFORCE_SIGN_IN])
def test_s9_both_pages_end_with_how_to_verify(visit: Visit, person: str, path: str) -> None:
    page = visit(person)
    page.goto(path)

    sections = page.get_by_role("main").get_by_role("heading", level=2)
    expect(sections.last).to_have_text("Verify the restrictions")
    verify = page.locator("#verify")
    for kind in ("acme/app", "library/alpine", "bitnami/redis", "randomdev/tool"):
        expect(verify).to_contain_text(f"/{kind}")
    assert cells(verify)[-1] == ["Community", "Refused", "Pulled", "Pulled"]
    expect(verify).to_contain_text("Sign-in is only for members of acme.")
