"""Which category an image is of, to one organization (semantics, section 2)."""

from permissions.core.catalog import CatalogEntry
from permissions.core.facts import Facts, OrganizationFacts
from permissions.core.policy import Category, lies_in
from permissions.core.reference import HUB, ImageReference, Repository, fold, fold_host


def fold_for(
    reference: ImageReference, facts: Facts, organization: OrganizationFacts | None
) -> Repository:
    """Fold a reference as one organization sees it, or as nobody in particular does.

    Site-wide mirrors count for all, an organization's own only in its own decisions (C6). The
    registry that asks is one or the other: an organization's is asked about by nobody else (O1).
    """
    mirrors = facts.site_mirrors
    if organization is not None:
        mirrors |= organization.mirrors
    if facts.registry is not None and facts.registry.upstream_hub:
        mirrors |= {fold_host(facts.registry.host)}
    return fold(reference, mirrors)


def classify(
    repository: Repository, facts: Facts, organization: OrganizationFacts
) -> tuple[Category, CatalogEntry | None]:
    """Return the first category that fits, and the publisher's catalogue entry if that is why."""
    if lies_in(repository, organization.namespaces):
        return Category.ORGANIZATION, None  # C1
    if repository.host == HUB and repository.path.startswith("library/"):
        return Category.OFFICIAL, None  # C2
    entry = facts.catalog.lookup(repository)
    if entry is not None:
        return Category.VERIFIED_PUBLISHER, entry  # C3
    return Category.COMMUNITY, None  # C4, C5
