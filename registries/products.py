"""What is said about each product that can ask: its name, its steps, and the text to copy."""

import json
from dataclasses import dataclass
from urllib.parse import urlsplit

PLACEHOLDER = "the-credential-of-this-registry"


@dataclass(frozen=True, slots=True)
class Connection:
    """A connected registry, and the address of the site that it asks. `secret` is its credential
    while it is shown; afterwards nobody knows it."""

    service: str
    host: str
    mirrors_docker_hub: bool
    site_url: str
    secret: str = PLACEHOLDER

    @property
    def realm(self) -> str:
        """Where clients fetch tokens."""
        return f"{self.site_url}/auth/token"

    @property
    def site_host(self) -> str:
        """The name by which the site wants to be called."""
        return urlsplit(self.site_url).netloc

    @property
    def name(self) -> str:
        """The registry's host without its port."""
        return self.host.rpartition(":")[0] if self.port else self.host

    @property
    def port(self) -> str:
        """The port in its images' names, or nothing."""
        last = self.host.rpartition(":")[2]
        return last if last != self.host and last.isdigit() else ""


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do, and the text to copy, if there is one, with the file where it goes."""

    about: str
    text: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True)
class Product:
    """A way to make a registry ask, what it can't do, and the steps to set it up."""

    id: str
    name: str
    about: str
    in_force: str
    steps: tuple[Step, ...]


AT_EVERY_REQUEST = "A changed rule counts from the next request on."
WITH_THE_NEXT_TOKEN = (
    "A changed rule counts for the next token. One that was issued before lives on for up to "
    "60 seconds, and the registry allows another 60 for clocks that differ."
)


def quoted(text: str) -> str:
    """A text as a word of YAML or TOML."""
    # JSON's strings are YAML's too, and 123 or true stays a word in them.
    return json.dumps(text)
