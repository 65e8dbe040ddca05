"""What is downloaded: to the byte, and as a real parser reads it (S1, S8)."""

import json
import plistlib
import re
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from enforcement.artefacts import NAMES, artefact
from tests.enforcement.golden import CASES, FOLDER

SETS = [["acme"], ["globex", "acme-at-hub", "big_bank"], ["a" * 30, "b" * 30, "c" * 30]]
every_set = pytest.mark.parametrize("organizations", SETS, ids=len)


def body(name: str, organizations: list[str]) -> bytes:
    return artefact(name, organizations).body


@pytest.mark.parametrize("case", CASES)
def test_every_artefact_to_the_byte(case: str) -> None:
    files = {path.name: path.read_bytes() for path in (FOLDER / case).iterdir()}
    assert files == {name: artefact(name, CASES[case]).body for name in NAMES}


def test_a_file_has_the_name_that_was_asked_for() -> None:
    assert [artefact(name, ["acme"]).filename for name in NAMES] == list(NAMES)


def test_s1_registry_json_to_the_byte() -> None:
    assert body("registry.json", ["acme"]) == b'{"allowedOrgs":["acme"]}'
    assert body("registry.json", ["globex", "acme"]) == b'{"allowedOrgs":["globex","acme"]}'


@every_set
def test_registry_json_is_read_back(organizations: list[str]) -> None:
    assert json.loads(body("registry.json", organizations)) == {"allowedOrgs": organizations}


@every_set
def test_s8_the_registration_file_is_read_back(organizations: list[str]) -> None:
    """As `regedit` reads it: the file's form first, then the key, the value and its type."""
    raw = body("docker-desktop.reg", organizations)
    assert raw.startswith(b"\xff\xfe")
    text = raw.decode("utf-16")
    assert text.count("\n") == text.count("\r\n") == text.count("\r")
    assert max(map(len, text.split("\r\n"))) <= 80

    head, empty, key, value, *end = text.replace("\\\r\n  ", "").split("\r\n")
    assert (head, empty, end) == ("Windows Registry Editor Version 5.00", "", ["", ""])
    assert key == r"[HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Docker\Docker Desktop]"
    found = re.fullmatch(r'"allowedOrgs"=hex\(7\):((?:[0-9a-f]{2},)*[0-9a-f]{2})', value)
    assert found
    data = bytes.fromhex(found[1].replace(",", "")).decode("utf-16-le")
    assert data == "".join(f"{organization}\0" for organization in organizations) + "\0"


@every_set
def test_s8_the_plists_are_read_back(organizations: list[str]) -> None:
    assert plistlib.loads(body("desktop.plist", organizations)) == {"allowedOrgs": organizations}
    payload = plistlib.loads(body("docker-desktop-payload.plist", organizations))
    assert payload == {"allowedOrgs": ";".join(organizations)}


@every_set
def test_s8_the_profile_is_read_back(organizations: list[str]) -> None:
    profile = load_profile(organizations)
    (payload,) = profile["PayloadContent"]

    assert (profile["PayloadType"], payload["PayloadType"]) == ("Configuration", MAC_PAYLOAD)
    assert profile["PayloadScope"] == "System"
    assert payload["allowedOrgs"] == ";".join(organizations)
    for part in (profile, payload):
        assert part["PayloadVersion"] == 1
        assert part["PayloadIdentifier"]
        assert UUID(part["PayloadUUID"]).version == 5


MAC_PAYLOAD = "com.docker.config"


def load_profile(organizations: list[str]) -> dict[str, Any]:
    profile: dict[str, Any] = plistlib.loads(body("docker-desktop.mobileconfig", organizations))
    return profile


def test_a_profiles_uuids_are_its_organizations() -> None:
    def uuids(*organizations: str) -> tuple[str, str]:
        profile = load_profile(list(organizations))
        return profile["PayloadUUID"], profile["PayloadContent"][0]["PayloadUUID"]

    assert uuids("acme", "globex") == uuids("globex", "acme")
    assert len({*uuids("acme"), *uuids("globex"), *uuids("acme", "globex")}) == 6


def test_a_newer_profile_replaces_the_older_one() -> None:
    one, other = load_profile(["acme"]), load_profile(["globex", "acme"])
    assert one["PayloadIdentifier"] == other["PayloadIdentifier"]


def test_golden_files_keep_their_line_ends() -> None:
    """Whoever checks out on Windows must not get other bytes."""
    attributes = Path(__file__).parents[2] / ".gitattributes"
    assert "tests/enforcement/golden/** -text" in attributes.read_text().splitlines()
