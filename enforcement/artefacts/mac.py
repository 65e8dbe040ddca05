"""What only a Mac reads: the configuration profile and `desktop.plist` (S8)."""

import plistlib
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid5

from enforcement.artefacts.places import ALLOWED_ORGS, MAC_PAYLOAD

# The same whatever the organizations are, so that a newer profile replaces an older one instead
# of standing beside it.
PROFILE_IDENTIFIER = "hubadmin.docker-desktop"
_UUIDS = UUID("6a1f8a0e-6b7c-5d0e-9d53-0f2f4f3a7c11")


def desktop_plist(organizations: Sequence[str]) -> bytes:
    """The bytes of `desktop.plist`."""
    return plistlib.dumps({ALLOWED_ORGS: list(organizations)})


def plain_payload(organizations: Sequence[str]) -> bytes:
    """The payload alone, for device management that makes the profile around it itself."""
    return plistlib.dumps(_settings(organizations))


def configuration_profile(organizations: Sequence[str]) -> bytes:
    """A profile for the whole machine, not only for the person who installs it.

    Its UUIDs stay the same as long as the organizations do, in whichever order.
    """
    payload = _settings(organizations) | {
        "PayloadType": MAC_PAYLOAD,
        "PayloadVersion": 1,
        "PayloadIdentifier": f"{PROFILE_IDENTIFIER}.sign-in",
        "PayloadUUID": _uuid("payload", organizations),
        "PayloadDisplayName": "Docker Desktop",
        "PayloadDescription": "Whose members may sign in to Docker Desktop.",
    }
    profile = {
        "PayloadContent": [payload],
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadScope": "System",
        "PayloadIdentifier": PROFILE_IDENTIFIER,
        "PayloadUUID": _uuid("profile", organizations),
        "PayloadDisplayName": "Docker Desktop sign-in",
        "PayloadDescription": "Docker Desktop asks for an account that is a member of "
        f"{_one_of(organizations)}.",
        "PayloadOrganization": ", ".join(organizations),
    }
    return plistlib.dumps(profile, sort_keys=False)


def _settings(organizations: Sequence[str]) -> dict[str, Any]:
    return {ALLOWED_ORGS: ";".join(organizations)}


def _uuid(part: str, organizations: Sequence[str]) -> str:
    return str(uuid5(_UUIDS, f"{part} {' '.join(sorted(organizations))}")).upper()


def _one_of(organizations: Sequence[str]) -> str:
    *others, last = organizations
    return f"{', '.join(others)} or {last}" if others else last
