"""Windows: the registry key, `registry.json`, the installer (S6, S7, S8)."""

from collections.abc import Sequence

from enforcement.artefacts.files import registry_json
from enforcement.artefacts.guide import (
    Command,
    Platform,
    Steps,
    Trouble,
    Way,
    installer_flags,
    report,
    same_everywhere,
)
from enforcement.artefacts.places import ALLOWED_ORGS, WINDOWS_FILE, WINDOWS_KEY

ADMINISTRATOR = "PowerShell as administrator"
KEY = WINDOWS_KEY.replace("HKEY_LOCAL_MACHINE", "HKLM")
PLACES = ("registry key", "registry.json")
DONE = "The operation completed successfully."
FILE_ON_DISK = r"C:\ProgramData\DockerDesktop\registry.json"


def windows(organizations: Sequence[str]) -> Platform:
    return Platform(
        id="windows",
        name="Windows",
        file=WINDOWS_FILE,
        protection="Administrators may write it, users only read it.",
        places=PLACES,
        ways=(_registry_key(organizations), _file(organizations), _installer(organizations)),
        verify=_verify(organizations),
        verify_downloads=("verify-windows.ps1",),
        undo=_undo(),
        troubles=_troubles(),
        docs="docs/administrators/enforce-sign-in-windows.md",
    )


def _run(script: str, *words: str) -> str:
    return " ".join(["powershell -ExecutionPolicy Bypass -File", script, *words])


def _registry_key(organizations: Sequence[str]) -> Way:
    return Way(
        "Registry key",
        "Only administrators may write below Policies, Group Policy and Intune set it, and it "
        "counts before any file.",
        "Docker Desktop 4.32 or later; several organizations from 4.36 on.",
        ("docker-desktop.reg", "enforce-windows.ps1"),
        (
            Steps(
                ADMINISTRATOR,
                (
                    Command(
                        "With the script, which also makes sure that users can't change the key.",
                        _run("enforce-windows.ps1"),
                        f"{WINDOWS_KEY} is written.",
                    ),
                    Command("Or import the file.", "reg import docker-desktop.reg", DONE),
                ),
            ),
        ),
    )


def _file(organizations: Sequence[str]) -> Way:
    text = registry_json(organizations).decode()
    return Way(
        "By hand, where it is installed already",
        "A file that every version reads. It counts only where there is no registry key.",
        "Docker Desktop 4.0 or later; several organizations from 4.36 on.",
        (),
        (
            Steps(
                ADMINISTRATOR,
                (
                    Command("Write the file.", f"Set-Content {WINDOWS_FILE} '{text}'"),
                    Command(
                        "In the file's folder, check who may write it: BUILTIN\\Administrators "
                        "must own it, with full control for NT AUTHORITY\\SYSTEM.",
                        "Get-Acl .\\registry.json",
                        _acl(),
                    ),
                    Command(
                        "Or let the script write it, protect it and check it.",
                        _run("enforce-windows.ps1", "-Way RegistryJson"),
                        f"{FILE_ON_DISK} is written.",
                    ),
                ),
            ),
        ),
    )


def _installer(organizations: Sequence[str]) -> Way:
    flags = installer_flags(organizations)
    purpose = "Install with the organization set."
    return Way(
        "When Docker Desktop is installed",
        "The installer writes registry.json, once: a later change needs another way.",
        "Docker Desktop 4.0 or later. Docker describes it for one organization; verify the file "
        "if you set several.",
        (),
        (
            Steps(
                "PowerShell",
                (
                    Command(
                        purpose,
                        f"Start-Process '.\\Docker Desktop Installer.exe' -Wait 'install {flags}'",
                    ),
                ),
            ),
            Steps(
                "Command Prompt",
                (Command(purpose, f'"Docker Desktop Installer.exe" install {flags}'),),
            ),
        ),
    )


def _verify(organizations: Sequence[str]) -> tuple[Steps, ...]:
    strings = r"\0".join(organizations)
    return (
        Steps(
            "PowerShell",
            (
                Command(
                    "With the script: which place counts, for whom, and whether users could "
                    "change it. Here after the registry key was written.",
                    _run("verify-windows.ps1"),
                    report(PLACES, "registry key", WINDOWS_KEY, organizations),
                ),
                Command(
                    "Or look at the key.",
                    f'reg query "{KEY}" /v {ALLOWED_ORGS}',
                    f"{WINDOWS_KEY}\n    {ALLOWED_ORGS}    REG_MULTI_SZ    {strings}",
                ),
                Command(
                    "Or at the file.",
                    f"Get-Content {WINDOWS_FILE}",
                    registry_json(organizations).decode(),
                ),
            ),
        ),
    )


def _undo() -> tuple[Steps, ...]:
    return (
        Steps(
            ADMINISTRATOR,
            (
                Command(
                    "With the script, which removes key and file.",
                    _run("enforce-windows.ps1", "-Undo"),
                    "The registry key and registry.json are not there any more.",
                ),
                Command("Or remove the key.", f'reg delete "{KEY}" /v {ALLOWED_ORGS} /f', DONE),
                Command("Or the file.", f"Remove-Item {WINDOWS_FILE}"),
            ),
        ),
    )


def _troubles() -> tuple[Trouble, ...]:
    return (
        *same_everywhere("verify-windows.ps1"),
        Trouble(
            "The file is right to look at, and Docker Desktop says it can't read it",
            "An editor, or > in an older PowerShell, has written it as UTF-16 or with a byte order "
            "mark. Download it again, or use the script.",
        ),
        Trouble(
            "PowerShell says that running scripts is disabled",
            "Run it with -ExecutionPolicy Bypass as above. Where Group Policy sets the execution "
            "policy, sign the script first, or import the .reg file.",
        ),
    )


def _acl() -> str:
    return (
        "Path           Owner                   Access\n"
        "----           -----                   ------\n"
        "registry.json  BUILTIN\\Administrators  NT AUTHORITY\\SYSTEM Allow  FullControl..."
    )
