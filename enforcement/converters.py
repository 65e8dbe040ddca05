"""What may stand in this room's addresses."""

import re

from enforcement.artefacts import NAMES


class ArtefactConverter:
    """The `<artefact:name>` of URL patterns: a file of another name doesn't exist."""

    regex = "|".join(map(re.escape, NAMES))

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value
