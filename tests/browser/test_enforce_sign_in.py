"""Enforce Sign-in: what owners download and copy, and what members see of it."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Complaints, Visit
from tests.browser.steps import (
    ENFORCE_SIGN_IN,
    ORG_PERMISSIONS,
    accessibility_violations,
    cells,
    open_settings,
)
from tests.served import DemoSite
from tests.services.site import CHECKOUT

FILE = '{"allowedOrgs":["acme"]}'
MAC_FOLDER = "/Library/Application Support/com.docker.docker"
MAC_FILE = f"{MAC_FOLDER}/registry.json"
INSTALL = "sudo install -o root -g admin -m 644 desktop.plist"
KEY = r"HKLM\SOFTWARE\Policies\Docker\Docker Desktop"
# S6, S7 and S8, written out once more: the page must not be measured by its own functions.
COMMANDS = {
    "Windows": [
        "powershell -ExecutionPolicy Bypass -File enforce-windows.ps1",
        "reg import docker-desktop.reg",
        f"Set-Content /ProgramData/DockerDesktop/registry.json '{FILE}'",
        r"Get-Acl .\registry.json",
        "powershell -ExecutionPolicy Bypass -File enforce-windows.ps1 -Way RegistryJson",
        r"Start-Process '.\Docker Desktop Installer.exe' -Wait 'install --allowed-org=acme'",
        '"Docker Desktop Installer.exe" install --allowed-org=acme',
        "powershell -ExecutionPolicy Bypass -File verify-windows.ps1",
        f'reg query "{KEY}" /v allowedOrgs',
        "Get-Content /ProgramData/DockerDesktop/registry.json",
        "powershell -ExecutionPolicy Bypass -File enforce-windows.ps1 -Undo",
        f'reg delete "{KEY}" /v allowedOrgs /f',
        "Remove-Item /ProgramData/DockerDesktop/registry.json",
    ],
    "Mac": [
        "defaults read '/Library/Managed Preferences/com.docker.config' allowedOrgs",
        "sudo sh enforce-mac.sh",
        f"sudo mkdir -p '{MAC_FOLDER}' && {INSTALL} '{MAC_FOLDER}/desktop.plist'",
        f"plutil -convert json -o - '{MAC_FOLDER}/desktop.plist'",
        "sudo hdiutil attach Docker.dmg",
        "sudo /Volumes/Docker/Docker.app/Contents/MacOS/install --allowed-org=acme",
        "sudo hdiutil detach /Volumes/Docker",
        f"sudo mkdir -p '{MAC_FOLDER}'",
        f"echo '{FILE}' | sudo tee '{MAC_FILE}'",
        f"sudo cat '{MAC_FILE}'",
        f"sudo ls -l '{MAC_FILE}'",
        "sh verify-mac.sh",
        "sudo sh enforce-mac.sh undo",
    ],
    "Linux": [
        "ansible-playbook --check --diff enforce-sign-in.yml",
        "ansible-playbook enforce-sign-in.yml",
        "sudo sh enforce-linux.sh",
        "sudo mkdir -p /usr/share/docker-desktop/registry",
        f"echo '{FILE}' | sudo tee /usr/share/docker-desktop/registry/registry.json",
        "sudo cat /usr/share/docker-desktop/registry/registry.json",
        "sudo ls -l /usr/share/docker-desktop/registry/registry.json",
        "sh verify-linux.sh",
        "sudo sh enforce-linux.sh undo",
    ],
}
EXPECTED_OUTPUTS = {
    "Windows": [
        "BUILTIN\\Administrators",
        "NT AUTHORITY\\SYSTEM Allow  FullControl",
        "allowedOrgs    REG_MULTI_SZ    acme",
    ],
    "Mac": [FILE, "-rw-r--r-- 1 root admin 25", "2. desktop.plist: this one counts."],
    "Linux": [FILE, "-rw-r--r-- 1 root root 25", "   Organizations: acme"],
}
DOWNLOADS = {
    "Windows": ["docker-desktop.reg", "enforce-windows.ps1", "verify-windows.ps1"],
    "Mac": [
        "docker-desktop.mobileconfig",
        "docker-desktop-payload.plist",
        "desktop.plist",
        "enforce-mac.sh",
        "verify-mac.sh",
    ],
    "Linux": ["enforce-ansible.yml", "enforce-linux.sh", "verify-linux.sh"],
}
AGENTS = {
    "Windows": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/131.0",
    "Mac": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Chrome/131.0",
    "Linux": "Mozilla/5.0 (X11; Linux x86_64) Chrome/131.0",
}
every_platform = pytest.mark.parametrize("platform", COMMANDS)


def downloaded(page: Page | Locator, name: str = "registry.json") -> bytes:
    window = page if isinstance(page, Page) else page.page
    with window.expect_download() as started:
        page.get_by_role("link", name=f"Download {name}", exact=True).click()
    assert started.value.suggested_filename == name
    return Path(started.value.path()).read_bytes()


def opened(page: Page, platform: str) -> Locator:
    """The part of the page about a platform, after its tab was chosen."""
    page.get_by_role("tab", name=platform).click()
    return page.get_by_role("tabpanel", name=platform)


def test_s1_olivia_downloads_what_she_copies(visit: Visit) -> None:
    olivia = visit("olivia", permissions=["clipboard-read", "clipboard-write"])
    open_settings(olivia, "Enforce Sign-in")
    # A download that begins while the page is still loading makes Chromium give up its scripts.
    olivia.wait_for_load_state()

    content = downloaded(olivia)
    assert content == b'{"allowedOrgs":["acme"]}'
    olivia.get_by_role("main").get_by_role("button", name="Copy").first.click()
    expect(olivia.locator("#announcer")).to_have_text("Copied")
    assert olivia.evaluate("navigator.clipboard.readText()").encode() == content


def test_s1_the_file_has_the_name_at_docker_hub(visit: Visit) -> None:
    olivia = visit("olivia")
    try:
        call_at_docker_hub(olivia, "acme-at-hub")
        open_settings(olivia, "Enforce Sign-in")
        assert downloaded(olivia) == b'{"allowedOrgs":["acme-at-hub"]}'
        for platform in COMMANDS:
            panel = opened(olivia, platform)
            expect(panel).to_contain_text('{"allowedOrgs":["acme-at-hub"]}')
    finally:
        call_at_docker_hub(olivia, "acme")


def call_at_docker_hub(page: Page, name: str) -> None:
    open_settings(page, "General")
    page.get_by_label("Organization at Docker Hub").fill(name)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("The settings are saved.")


@every_platform
def test_s6_s7_s8_olivia_copies_the_commands(visit: Visit, platform: str) -> None:
    olivia = visit("olivia", permissions=["clipboard-read", "clipboard-write"])
    olivia.goto(ENFORCE_SIGN_IN)
    panel = opened(olivia, platform)

    copied = []
    for button in panel.get_by_role("button").all():
        button.click()
        expect(button).to_contain_text("Copied")
        copied.append(olivia.evaluate("navigator.clipboard.readText()"))
    assert copied == COMMANDS[platform]

    outputs = "\n".join(panel.locator(".expected").all_inner_texts())
    for line in EXPECTED_OUTPUTS[platform]:
        assert line in outputs


@every_platform
def test_olivia_downloads_the_artefacts(visit: Visit, platform: str) -> None:
    olivia = visit("olivia")
    olivia.goto(ENFORCE_SIGN_IN)
    panel = opened(olivia, platform)

    links = panel.get_by_role("link", name="Download")
    expect(links).to_have_text([f"Download {name}" for name in DOWNLOADS[platform]])
    for name in DOWNLOADS[platform]:
        content = downloaded(panel, name).replace(b"\0", b"")
        assert b"acme" in content or b"61,00,63,00,6d,00,65,00" in content


@every_platform
def test_the_visitors_platform_is_shown_first(visit: Visit, platform: str) -> None:
    page = visit("mel", user_agent=AGENTS[platform])
    page.goto(ENFORCE_SIGN_IN)

    expect(page.get_by_role("tab").first).to_have_text(platform)
    expect(page.get_by_role("tabpanel")).to_have_count(1)
    expect(page.get_by_role("tabpanel", name=platform)).to_be_visible()


def test_the_tabs_by_keyboard(visit: Visit) -> None:
    page = visit("olivia", user_agent=AGENTS["Windows"])
    page.goto(ENFORCE_SIGN_IN)
    page.get_by_role("tab", name="Windows").focus()

    for key, platform in [
        ("ArrowRight", "Mac"),
        ("ArrowRight", "Linux"),
        ("ArrowRight", "Windows"),
        ("ArrowLeft", "Linux"),
        ("Home", "Windows"),
        ("End", "Linux"),
    ]:
        page.keyboard.press(key)
        tab = page.get_by_role("tab", name=platform)
        expect(tab).to_be_focused()
        expect(tab).to_have_attribute("aria-selected", "true")
        expect(page.get_by_role("tabpanel")).to_have_count(1)
        expect(page.get_by_role("tabpanel", name=platform)).to_be_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('[role=tabpanel]').id") == "linux"


def test_an_address_leads_to_a_platform(visit: Visit) -> None:
    page = visit("mel", user_agent=AGENTS["Windows"])
    page.goto(f"{ENFORCE_SIGN_IN}#mac")
    expect(page.get_by_role("tabpanel", name="Mac")).to_be_visible()
    opened(page, "Linux")
    page.reload()
    expect(page.get_by_role("tabpanel", name="Linux")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_tab_is_accessible_and_fits_a_phone(visit: Visit, theme: str) -> None:
    page = visit("olivia", color_scheme=theme, viewport={"width": 375, "height": 700})
    page.goto(ENFORCE_SIGN_IN)
    for platform in COMMANDS:
        opened(page, platform)
        assert accessibility_violations(page) == []
        assert page.evaluate("document.scrollingElement.scrollWidth") == 375


@pytest.mark.parametrize("person", ["olivia", "mel"])
def test_without_a_script_all_is_there(visit: Visit, person: str) -> None:
    page = visit(person, java_script_enabled=False)
    page.goto(ENFORCE_SIGN_IN)

    for platform, commands in COMMANDS.items():
        page.get_by_role("main").get_by_role("link", name=platform, exact=True).click()
        section = page.get_by_role("region", name=platform, exact=True)
        expect(section.get_by_role("heading", name=platform, exact=True)).to_be_in_viewport()
        for command in commands:
            expect(section).to_contain_text(command)
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)


def test_s4_mel_reads_and_takes_nothing(visit: Visit) -> None:
    mel = visit("mel")
    open_settings(mel, "Enforce Sign-in")

    main = mel.get_by_role("main")
    expect(main).to_contain_text("Owners of acme download the file and roll it out.")
    expect(main).to_contain_text(FILE)
    expect(main.locator("input, select, textarea, button, form")).to_have_count(0)
    expect(main.get_by_role("link", name="Download")).to_have_count(0)
    for names in (["registry.json"], *DOWNLOADS.values()):
        for name in names:
            assert mel.request.get(f"{ENFORCE_SIGN_IN}{name}").status == 403


def test_ivan_on_the_free_plan_sees_what_he_would_get(visit: Visit) -> None:
    ivan = visit("ivan")
    ivan.goto("/orgs/initech/settings/enforce-sign-in/")

    main = ivan.get_by_role("main")
    expect(main).to_contain_text("initech has the Free plan, so nothing can be downloaded.")
    expect(main).to_contain_text('{"allowedOrgs":["initech"]}')
    expect(opened(ivan, "Mac")).to_contain_text("docker-desktop.mobileconfig")
    expect(main.get_by_role("link", name="Download")).to_have_count(0)
    expect(main.get_by_role("button", name="Copy")).to_have_count(0)


@pytest.fixture
def olivia_owns_globex(site: DemoSite) -> Iterator[None]:
    def manage(*words: str) -> None:
        command = [sys.executable, str(CHECKOUT / "manage.py"), *words]
        subprocess.run(command, env=site.environment, check=True, capture_output=True)

    manage("add_member", "globex", "olivia", "--team", "owners")
    yield
    manage("remove_member", "globex", "olivia")


@pytest.mark.usefixtures("olivia_owns_globex")
@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_olivia_chooses_several_organizations(visit: Visit, scripts: bool) -> None:
    olivia = visit("olivia", java_script_enabled=scripts)
    olivia.goto(ENFORCE_SIGN_IN)
    olivia.get_by_label("2. organization").select_option("globex")
    olivia.get_by_role("button", name="Show for these").click()

    assert downloaded(olivia) == b'{"allowedOrgs":["acme","globex"]}'
    if scripts:
        opened(olivia, "Mac")
        assert accessibility_violations(olivia) == []
    main = olivia.get_by_role("main")
    expect(main).to_contain_text("--allowed-org=acme --allowed-org=globex")
    assert b"acme;globex" in downloaded(olivia, "docker-desktop.mobileconfig")

    olivia.get_by_role("link", name="Put globex first").click()
    expect(olivia).to_have_url(re.compile(r"/orgs/globex/.*\?org=acme$"))
    assert downloaded(olivia) == b'{"allowedOrgs":["globex","acme"]}'

    olivia.get_by_label("2. organization").select_option("None")
    olivia.get_by_role("button", name="Show for these").click()
    assert downloaded(olivia) == b'{"allowedOrgs":["globex"]}'


def test_gus_adds_no_organization_of_which_he_is_only_a_member(
    visit: Visit, complaints: Complaints
) -> None:
    gus = visit("gus")
    gus.goto("/orgs/globex/settings/enforce-sign-in/")
    expect(gus.get_by_role("heading", name="For which organizations")).to_have_count(0)

    complaints.expect_status(403)
    gus.goto("/orgs/globex/settings/enforce-sign-in/?org=acme")
    expect(gus.get_by_role("main")).to_contain_text("Only owners of acme can add it here.")


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
