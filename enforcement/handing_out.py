"""An artefact as it leaves the house: what the page and fleet tools download is the same."""

from collections.abc import Sequence
from dataclasses import replace

from django.conf import settings

from enforcement.artefacts import Artefact, artefact
from enforcement.profile_signing import profile_signer

PROFILE = "docker-desktop.mobileconfig"


def hand_out(name: str, organizations: Sequence[str]) -> Artefact:
    """The artefact of that name for these organizations; a profile signed, if the site can."""
    made = artefact(name, organizations)
    if name != PROFILE or not settings.PROFILE_CERTIFICATE:
        return made
    signer = profile_signer(settings.PROFILE_CERTIFICATE, settings.PROFILE_KEY)
    return replace(made, body=signer.sign(made.body))
