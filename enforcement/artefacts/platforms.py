"""The platforms that Docker Desktop runs on."""

from collections.abc import Sequence

from enforcement.artefacts.guide import Platform
from enforcement.artefacts.guide_linux import linux
from enforcement.artefacts.guide_mac import mac
from enforcement.artefacts.guide_windows import windows

# What a browser on it says of itself.
_SIGNS = {"mac": ("Macintosh", "Mac OS X"), "linux": ("Linux", "X11"), "windows": ("Windows",)}


def platforms(organizations: Sequence[str], user_agent: str = "") -> tuple[Platform, ...]:
    """Windows, Mac and Linux for these organizations; the one that a browser runs on first."""
    listed = (windows(organizations), mac(organizations), linux(organizations))
    return tuple(
        sorted(listed, key=lambda one: not any(sign in user_agent for sign in _SIGNS[one.id]))
    )
