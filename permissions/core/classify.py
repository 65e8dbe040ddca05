"""Which category an image is of, to one organization (semantics, section 2)."""

from permissions.core.catalog import CatalogEntry
from permissions.core.facts import Facts, OrganizationFacts
from permissions.core.policy import COMMUNITY, OFFICIAL, ORGANIZATION, VERIFIED_PUBLISHER, Category
from permissions.core.reference import (
    HUB,
    ImageReference,
    Repository,
    fold_host,
    repository_at,
)


def fold_for(
    reference: ImageReference, facts: Facts, organization: OrganizationFacts | None
) -> Repository:
    """Fold a reference as one organization sees it, or as nobody in particular does.

    Site-wide mirrors count for all, an organization's own only in its own decisions (C6). The
    registry that asks is one or the other: an organization's is asked about by nobody else (O1).
    """
    host, registry = fold_host(reference.host), facts.registry
    mirrored = (
        host in facts.site_mirrors
        or (organization is not None and host in organization.mirrors)
        or (registry is not None and registry.upstream_hub and host == fold_host(registry.host))
    )
    return repository_at(HUB if mirrored else host, reference.path)


def classify(
    repository: Repository, facts: Facts, organization: OrganizationFacts
) -> tuple[Category, CatalogEntry | None]:
    """Return the first category that fits, and the publisher's catalogue entry if that is why."""
    if organization.owns(repository):
        return ORGANIZATION, None  # C1
    if repository.host == HUB and repository.path.startswith("library/"):
        return OFFICIAL, None  # C2
    entry = facts.catalog.lookup(repository)
    if entry is not None:
        return VERIFIED_PUBLISHER, entry  # C3
    return COMMUNITY, None  # C4, C5
