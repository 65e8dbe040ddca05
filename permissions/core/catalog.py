"""The catalogue of Docker Hub content that somebody vouches for (C2, C3): data, looked up only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from permissions.core.reference import HUB, Repository, path_problem
from permissions.core.text import shown


class CatalogKind(StrEnum):
    OFFICIAL = "official"
    VERIFIED_PUBLISHER = "verified_publisher"


class InvalidEntry(ValueError):
    """A catalogue entry or catalogue that must not be stored; `str()` is a sentence for people."""


def entry_problem(path: str) -> str | None:
    """Say in one sentence why a path can't stand in the catalogue, or return None.

    A path is a Docker Hub namespace (`bitnami`) or one repository (`grafana/loki`). `library` as a
    whole is official by C2, not by being listed.
    """
    problem = path_problem(path)
    if problem is not None:
        return problem
    if path.count("/") > 1:
        return (
            f"The path {shown(path)} has more than two components: "
            "a namespace, or a namespace and a repository, is allowed."
        )
    if path == "library":
        return 'The path "library" is not allowed: it holds the official images, listed or not.'
    return None


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """One line of the catalogue. Raises `InvalidEntry` for a path that `entry_problem` refuses, and
    for one that is not of its kind: official are the repositories of `library` and no others."""

    path: str
    kind: CatalogKind
    title: str
    description: str = ""

    def __post_init__(self) -> None:
        problem = entry_problem(self.path)
        if problem is not None:
            raise InvalidEntry(problem)
        if self.path.startswith("library/") != (self.kind is CatalogKind.OFFICIAL):
            raise InvalidEntry(
                f"The path {shown(self.path)} is listed as {self.kind}: "
                "official are the repositories of library, and no others."
            )


@dataclass(frozen=True, slots=True)
class Catalog:
    """All entries, replaced as a whole or not at all (C3). Raises `InvalidEntry` for duplicates."""

    entries: tuple[CatalogEntry, ...] = ()
    _publishers: Mapping[str, CatalogEntry] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        entries = tuple(self.entries)
        by_path = {entry.path: entry for entry in entries}
        if len(by_path) != len(entries):
            raise InvalidEntry("The catalogue lists a path more than once.")
        publishers = {
            path: entry
            for path, entry in by_path.items()
            if entry.kind is CatalogKind.VERIFIED_PUBLISHER
        }
        object.__setattr__(self, "entries", entries)
        object.__setattr__(self, "_publishers", publishers)

    def lookup(self, repository: Repository) -> CatalogEntry | None:
        """Return the verified publisher's entry that a repository falls under, the narrowest first.

        Two dictionary look-ups whatever the catalogue's size: entries have at most two components.
        """
        if repository.host != HUB:
            return None
        namespace, _, rest = repository.path.partition("/")
        name = rest.partition("/")[0]
        return self._publishers.get(f"{namespace}/{name}") or self._publishers.get(namespace)
