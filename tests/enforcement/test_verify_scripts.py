"""The scripts that say what a machine enforces, run for real below a scratch root.

Exit status: 0 enforced, 1 not, 2 wrong, 3 changeable by users, 4 not known, 64 wrong usage.
"""

import os
import plistlib
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from enforcement.artefacts import artefact
from tests.enforcement.machine import ADMIN, LINUX, MAC, MANAGED, NOBODY, PLIST, Machine

ENFORCED = "Enforced, and only administrators may change it."
WRONG = "Wrong: people may be kept out who should come in, or the other way round."
CHANGEABLE = "Enforced, but users may change it."
UNKNOWN = "Not known: something could not be looked at."
PLATFORMS = {"linux": ("verify-linux.sh", LINUX, 0), "mac": ("verify-mac.sh", MAC, ADMIN)}
Platform = tuple[str, str, int]
every_platform = pytest.mark.parametrize("platform", PLATFORMS.values(), ids=PLATFORMS)


def said(done: subprocess.CompletedProcess[str], status: int, *words: str) -> list[str]:
    assert done.stderr == ""
    for sentence in words:
        assert sentence in done.stdout
    assert done.returncode == status, done.stdout
    return done.stdout.splitlines()


@every_platform
@pytest.mark.parametrize("as_root", [True, False])
def test_nothing_there(machine: Machine, platform: Platform, as_root: bool) -> None:
    lines = said(machine.run(platform[0], as_root=as_root), 1, "registry.json: not there.")
    assert lines[-1] == "Not enforced: anybody may use Docker Desktop, signed in or not."


@pytest.mark.parametrize("as_root", [True, False])
@pytest.mark.parametrize("organizations", [("acme",), ("globex", "acme-at-hub", "big_bank")])
def test_what_the_other_script_wrote_is_right(
    machine: Machine, organizations: tuple[str, ...], as_root: bool
) -> None:
    machine.run("enforce-linux.sh", organizations=organizations)
    machine.run("enforce-mac.sh", organizations=organizations)

    linux = machine.run("verify-linux.sh", organizations=organizations, as_root=as_root)
    assert said(linux, 0) == [
        f"1. registry.json: this one counts. {machine.root}/{LINUX}",
        f"   Organizations: {' '.join(organizations)}",
        ENFORCED,
    ]
    mac = machine.run("verify-mac.sh", organizations=organizations, as_root=as_root)
    assert said(mac, 0) == [
        "1. configuration profile: not there.",
        f"2. desktop.plist: this one counts. {machine.root}/{PLIST}",
        f"   Organizations: {' '.join(organizations)}",
        "3. registry.json: not there.",
        ENFORCED,
    ]


FILES = {
    b'{"allowedOrgs":["acme"]}': (0, ENFORCED),
    b' {\r\n\t"allowedOrgs" : [ "acme" ] }\n': (0, ENFORCED),
    b"": (2, "It is empty."),
    b"acme": (2, "It is not JSON"),
    b'{"allowedOrgs":["acme"]': (2, "It is not JSON"),
    b'{"allowedOrgs":["acme"]}}': (2, "It is not of the form"),
    b"{'allowedOrgs':['acme']}": (2, "It is not JSON"),
    b'{"allowedOrgs":["acme",]}': (2, "a comma comes last"),
    b'{"allowedOrgs":["acme"],}': (2, "a comma comes last"),
    b'["acme"]': (2, "It is not JSON of the form"),
    b"{}": (2, "It has no key allowedOrgs"),
    b'{"allowedorgs":["acme"]}': (2, "It has no key allowedOrgs"),
    b'{"allowedOrgs":"acme"}': (2, "It is not of the form"),
    b'{"allowedOrgs":[]}': (2, "It names no organization."),
    b'{"allowedOrgs":["acme",7]}': (2, "An entry is not a string."),
    b'{"allowedOrgs":["acme",null]}': (2, "An entry is not a string."),
    b'{"allowedOrgs":["acme",["globex"]]}': (2, "It is not of the form"),
    b'{"allowedOrgs":["acme",""]}': (2, "An entry is empty"),
    b'{"allowedOrgs":["ac me"]}': (2, "An entry is empty, or has a space."),
    b'{"allowedOrgs":["acme"],"allowedOrgs":["acme"]}': (2, "It is not of the form"),
    b'{"allowedOrgs":["Acme"]}': (2, "Acme has upper-case letters"),
    b'{"allowedOrgs":["acme","acme"]}': (2, "acme is there twice."),
    b'{"allowedOrgs":["acme-"]}': (2, "acme- can't be the name of an organization."),
    b'{"allowedOrgs":["a--b"]}': (2, "a--b can't be the name"),
    b'{"allowedOrgs":["a"]}': (2, "a can't be the name"),
    b'{"allowedOrgs":["%s"]}' % (b"a" * 31): (2, "can't be the name"),
    b'{"allowedOrgs":["ac\\u006de"]}': (2, "can't be the name"),
    b'{"allowedOrgs":["*"]}': (2, "* can't be the name"),
    '{"allowedOrgs":["\N{CYRILLIC SMALL LETTER A}cme"]}'.encode(): (2, "??cme can't be the name"),
    b'{"allowedOrgs":["ac\x1b[2Jme"]}': (2, "ac?[2Jme has upper-case letters"),
    b'{"allowedOrgs":["globex"]}': (2, "It should be for: acme."),
    b'{"allowedOrgs":["acme","globex"]}': (2, "It should be for: acme."),
    b'\xef\xbb\xbf{"allowedOrgs":["acme"]}': (2, "byte order mark"),
    '{"allowedOrgs":["acme"]}'.encode("utf-16"): (2, "It is UTF-16."),
    '{"allowedOrgs":["acme"]}'.encode("utf-16-le"): (2, "null characters"),
    b'{"allowedOrgs":["acme"]}' + b" " * 70000: (2, "It is larger than 64 KiB."),
    b"[" * 60000: (2, "It is not JSON"),
}


@every_platform
@pytest.mark.parametrize(
    ("content", "expected"), FILES.items(), ids=[repr(content)[:40] for content in FILES]
)
def test_s1_s3_what_registry_json_says(
    machine: Machine, platform: Platform, content: bytes, expected: tuple[int, str]
) -> None:
    script, path, group = platform
    machine.put(path, content, group=group)
    lines = said(machine.run(script), expected[0], expected[1])

    assert lines[-1] == (WRONG if expected[0] else ENFORCED)
    assert "\x1b" not in "".join(lines)


@every_platform
@pytest.mark.parametrize(
    ("user", "group", "mode", "words"),
    [
        (0, None, 0o644, None),
        (0, None, 0o444, None),
        (0, None, 0o664, None),  # administrators, who may do everything anyway
        (0, NOBODY, 0o644, None),
        (0, NOBODY, 0o664, "Users may write to"),
        (0, None, 0o646, "Users may write to"),
        (NOBODY, None, 0o644, "belongs to a user, not to root."),
    ],
)
def test_whether_users_could_change_the_file(
    machine: Machine, platform: Platform, user: int, group: int | None, mode: int, words: str | None
) -> None:
    script, path, admins = platform
    file = machine.put(path, b'{"allowedOrgs":["acme"]}', group=admins)
    os.chown(file, user, admins if group is None else group)
    file.chmod(mode)

    lines = said(machine.run(script), 3 if words else 0, words or ENFORCED)
    assert lines[-1] == (CHANGEABLE if words else ENFORCED)


@every_platform
@pytest.mark.parametrize("levels", [1, 2])
@pytest.mark.parametrize(
    ("user", "mode", "words"),
    [
        (NOBODY, 0o755, "belongs to a user"),
        (0, 0o757, "Users may write to"),
        (0, 0o1757, None),  # sticky: what is there, only its owner may replace
    ],
)
def test_whether_users_could_replace_it(
    machine: Machine, platform: Platform, levels: int, user: int, mode: int, words: str | None
) -> None:
    script, path, admins = platform
    folder = machine.put(path, b'{"allowedOrgs":["acme"]}', group=admins)
    for _ in range(levels):
        folder = folder.parent
    os.chown(folder, user, 0)
    folder.chmod(mode)

    said(machine.run(script), 3 if words else 0, f"{folder}" if words else ENFORCED, words or "")


@every_platform
def test_a_link_is_no_protection(machine: Machine, platform: Platform) -> None:
    script, path, admins = platform
    file = machine.put(path, b"", group=admins)
    file.unlink()
    file.symlink_to(machine.put("home/mel/registry.json", b'{"allowedOrgs":["acme"]}'))
    said(machine.run(script), 3, "is a link")

    (machine.root / "home/mel/registry.json").unlink()
    said(machine.run(script), 2, "It is no file.", "is a link")


@every_platform
def test_a_folder_in_its_place(machine: Machine, platform: Platform) -> None:
    script, path, _ = platform
    (machine.root / path).mkdir(parents=True)
    said(machine.run(script), 2, "It is no file.")


@every_platform
def test_a_pipe_in_its_place_does_not_hold_it_up(machine: Machine, platform: Platform) -> None:
    script, path, admins = platform
    file = machine.put(path, b"", group=admins)
    file.unlink()
    os.mkfifo(file)
    said(machine.run(script), 2, "It is no file.")


@every_platform
def test_an_access_control_list_is_for_a_person_to_read(
    machine: Machine, platform: Platform
) -> None:
    """Mode and owner say nothing of it: here it lets one user write."""
    script, path, admins = platform
    file = machine.put(path, b'{"allowedOrgs":["acme"]}', group=admins)
    read, read_write, nobody_in_particular = 4, 6, 0xFFFFFFFF
    entries = [
        (0x01, read_write, nobody_in_particular),  # the owner
        (0x02, read_write, NOBODY),
        (0x04, read, nobody_in_particular),  # the group
        (0x10, read_write, nobody_in_particular),  # the most that the last two get
        (0x20, read, nobody_in_particular),  # others
    ]
    packed = b"".join(struct.pack("<HHI", *entry) for entry in entries)
    os.setxattr(file, "system.posix_acl_access", struct.pack("<I", 2) + packed)

    lines = said(machine.run(script), 4, f"{file} has an access control list.")
    assert lines[-1] == UNKNOWN


@every_platform
def test_what_may_not_be_read_is_not_known(machine: Machine, platform: Platform) -> None:
    script, path, admins = platform
    machine.put(path, b'{"allowedOrgs":["acme"]}', group=admins).chmod(0o600)

    lines = said(machine.run(script, as_root=False), 4, "Run this as root.")
    assert lines[-1] == UNKNOWN
    said(machine.run(script), 0, ENFORCED)


def test_the_worst_is_the_exit_status(machine: Machine) -> None:
    """Wrong organizations in a file that users may change: wrong, and both are said."""
    machine.put(LINUX, b'{"allowedOrgs":["globex"]}').chmod(0o666)
    lines = said(machine.run("verify-linux.sh"), 2, "It should be for", "Users may write to")
    assert lines[-1] == WRONG


@every_platform
@pytest.mark.parametrize(
    "words", [["--help"], ["acme"], ["--hubadmin", "http://x"], ["--hubadmin"]]
)
def test_usage(machine: Machine, platform: Platform, words: list[str]) -> None:
    done = machine.run(platform[0], *words)
    assert (done.returncode, done.stdout) == (64, "")
    assert done.stderr.startswith("Usage: ")


# --- A Mac's three places --------------------------------------------------------------------


def profile(*organizations: str, **more: str) -> dict[str, str]:
    return {"allowedOrgs": ";".join(organizations)} | more


def plist(*organizations: str) -> dict[str, object]:
    return {"allowedOrgs": list(organizations)}


Dump = Callable[[object], bytes]


def test_s8_the_first_that_is_there_counts(machine: Machine) -> None:
    machine.put(MAC, artefact("registry.json", ["acme"]).body, group=ADMIN)
    said(machine.run("verify-mac.sh"), 0, "3. registry.json: this one counts.")

    machine.put(PLIST, plistlib.dumps(plist("globex")), group=ADMIN)
    said(
        machine.run("verify-mac.sh"),
        2,
        "1. configuration profile: not there.",
        "2. desktop.plist: this one counts.",
        "It should be for: acme.",
        "3. registry.json: there, but not read. The desktop.plist comes first.",
    )

    machine.put(MANAGED, plistlib.dumps(profile("acme")))
    said(
        machine.run("verify-mac.sh"),
        0,
        "1. configuration profile: this one counts.",
        "2. desktop.plist: there, but not read. The configuration profile comes first.",
        "3. registry.json: there, but not read. The configuration profile comes first.",
    )


PLISTS: dict[str, tuple[str, bytes, int, str]] = {
    "a profile with more": (
        MANAGED,
        plistlib.dumps(profile("acme", overrideProxyHTTP="http://proxy")),
        0,
        ENFORCED,
    ),
    "a profile for two": (MANAGED, plistlib.dumps(profile("acme", "globex")), 2, "should be for"),
    "an upper-case profile": (MANAGED, plistlib.dumps(profile("Acme")), 2, "upper-case"),
    "an empty entry": (MANAGED, plistlib.dumps(profile("acme", "")), 2, "An entry is empty."),
    "an empty profile": (MANAGED, plistlib.dumps(profile("")), 2, "An entry is empty"),
    "an array in a profile": (MANAGED, plistlib.dumps(plist("acme")), 2, "is no string."),
    "a comma in a profile": (
        MANAGED,
        plistlib.dumps(profile("acme,globex")),
        2,
        "can't be the name",
    ),
    "a profile without it": (MANAGED, plistlib.dumps({"other": "x"}), 2, "no key allowedOrgs"),
    "a string in desktop.plist": (PLIST, plistlib.dumps(profile("acme")), 2, "is no array."),
    "an empty array": (PLIST, plistlib.dumps(plist()), 2, "is no array."),
    "a number": (PLIST, plistlib.dumps({"allowedOrgs": ["acme", 7]}), 2, "is no array."),
    "an empty string": (PLIST, plistlib.dumps(plist("acme", "")), 2, "An entry is empty"),
    "an ampersand": (PLIST, plistlib.dumps(plist("a&b")), 2, "can't be the name"),
    "no property list": (PLIST, b'{"allowedOrgs":["acme"]}', 2, "It is not a property list."),
    "much": (PLIST, plistlib.dumps(plist("acme")) + b" " * 70000, 2, "larger than 64 KiB"),
    "nothing at all": (PLIST, b"", 2, "It is not a property list."),
    # Without a Mac's own tool these can't be read; it says so, and does not guess.
    "binary": (MANAGED, plistlib.dumps(profile("acme"), fmt=plistlib.FMT_BINARY), 4, "no plutil"),
    "a comment": (
        PLIST,
        plistlib.dumps(plist("globex")).replace(
            b"<dict>", b"<dict><!-- <key>allowedOrgs</key><array><string>acme</string></array> -->"
        ),
        4,
        "has comments, and there is no plutil",
    ),
}


@pytest.mark.parametrize("case", PLISTS.values(), ids=PLISTS)
def test_what_a_property_list_says(machine: Machine, case: tuple[str, bytes, int, str]) -> None:
    path, content, status, words = case
    machine.put(path, content, group=ADMIN if path == PLIST else 0)
    said(machine.run("verify-mac.sh"), status, words)


def test_s8_the_downloads_are_right_where_a_mac_keeps_them(machine: Machine) -> None:
    """What macOS keeps of a profile is its payload, without what is about the payload."""
    body = artefact("docker-desktop.mobileconfig", ["acme"]).body
    (payload,) = plistlib.loads(body)["PayloadContent"]
    kept = {key: value for key, value in payload.items() if not key.startswith("Payload")}
    assert kept == plistlib.loads(artefact("docker-desktop-payload.plist", ["acme"]).body)
    machine.put(MANAGED, plistlib.dumps(kept))
    said(machine.run("verify-mac.sh"), 0, "configuration profile: this one counts.")

    (machine.root / MANAGED).unlink()
    machine.put(PLIST, artefact("desktop.plist", ["acme"]).body, group=ADMIN)
    said(machine.run("verify-mac.sh"), 0, "desktop.plist: this one counts.")


def test_the_scripts_change_nothing(machine: Machine) -> None:
    file = machine.put(LINUX, b"wrong")
    file.chmod(0o666)
    before = sorted((path, path.lstat().st_mtime_ns) for path in Path(machine.root).rglob("*"))
    machine.run("verify-linux.sh")
    machine.run("verify-mac.sh")
    after = sorted((path, path.lstat().st_mtime_ns) for path in Path(machine.root).rglob("*"))
    assert after == before
