"""What is for Windows: the registry key as `regedit` would have exported it, and scripts (S8)."""

import codecs
from collections.abc import Iterator, Sequence

from enforcement.artefacts.files import registry_json
from enforcement.artefacts.places import ALLOWED_ORGS, WINDOWS_KEY
from enforcement.artefacts.script_files import filled_in

# regedit ends a line after the first byte that reaches this column.
WRAP_COLUMN = 76


def registration_file(organizations: Sequence[str]) -> bytes:
    """A `.reg` file that sets the key: UTF-16 with a byte order mark, lines ended by CR and LF."""
    lines = [
        "Windows Registry Editor Version 5.00",
        "",
        f"[{WINDOWS_KEY}]",
        *_wrapped(f'"{_quoted(ALLOWED_ORGS)}"=hex(7):', _multi_string(organizations)),
        "",
    ]
    return codecs.BOM_UTF16_LE + "".join(f"{line}\r\n" for line in lines).encode("utf-16-le")


def enforce_windows(organizations: Sequence[str]) -> bytes:
    """Writes the registry key or `registry.json` where only administrators may change it."""
    return _powershell(
        "enforce-windows.ps1",
        organizations,
        REGISTRY_JSON=powershell_string(registry_json(organizations).decode()),
    )


def verify_windows(organizations: Sequence[str]) -> bytes:
    """Says what is there, and whether it is for these organizations."""
    return _powershell("verify-windows.ps1", organizations)


def powershell_string(text: str) -> str:
    """A text as PowerShell takes it literally."""
    return "'" + text.replace("'", "''") + "'"


def _powershell(file: str, organizations: Sequence[str], **values: str) -> bytes:
    names = ", ".join(map(powershell_string, organizations))
    key = f"Registry::{WINDOWS_KEY}"
    text = filled_in(file, ORGANIZATIONS=f"@({names})", KEY=powershell_string(key), **values)
    return text.replace("\n", "\r\n").encode("ascii")


def _multi_string(strings: Sequence[str]) -> bytes:
    """A REG_MULTI_SZ: each string ended by a null, and the list by one more."""
    return "".join(f"{string}\0" for string in (*strings, "")).encode("utf-16-le")


def _wrapped(line: str, data: bytes) -> Iterator[str]:
    *most, last = (f"{byte:02x}" for byte in data)
    for byte in most:
        line += f"{byte},"
        if len(line) >= WRAP_COLUMN:
            yield line + "\\"
            line = "  "
    yield line + last


def _quoted(name: str) -> str:
    return name.replace("\\", r"\\").replace('"', r"\"")
