"""Reading the rules. Functions about one organization start from it."""

from django.db.models import F, OuterRef, Q, QuerySet
from django_scopes import scope, scopes_disabled

from orgs.models import AccessToken, Organization
from orgs.names import is_name
from orgs.rows import Row, Rows
from permissions.core import facts as core
from permissions.core.catalog import Catalog, CatalogKind
from permissions.core.catalog import CatalogEntry as Entry
from permissions.core.policy import Namespace as OwnedNamespace
from permissions.core.policy import TokenLimit, TokenScope
from permissions.core.reference import HUB
from permissions.models import (
    CatalogEntry,
    ConnectedRegistry,
    ImageAccessPolicy,
    Namespace,
    RegistryCredential,
    SiteVersion,
)

WELL_KNOWN = ("library/alpine", "library/nginx", "library/postgres", "library/python")


def policy_of(organization: Organization) -> ImageAccessPolicy:
    """An organization's policy as it is now."""
    with scope(organization=organization):
        return ImageAccessPolicy.objects.get()


def namespaces_of(organization: Organization) -> QuerySet[Namespace]:
    """The namespaces that an organization owns, by path."""
    with scope(organization=organization):
        return Namespace.objects.select_related("registry")


def registries_of(organization: Organization) -> QuerySet[ConnectedRegistry]:
    """An organization's own connected registries, by service name."""
    with scope(organization=organization):
        return ConnectedRegistry.objects.all()


def mirror_for(organization: Organization) -> ConnectedRegistry | None:
    """A mirror of Docker Hub that asks about the organization's members, its own if it has one."""
    with scopes_disabled():
        mirrors = ConnectedRegistry.objects.filter(upstream=HUB)
        site_wide = mirrors.filter(organization=None)
        return mirrors.filter(organization=organization).first() or site_wide.first()


def publisher_examples(limit: int = 4) -> list[CatalogEntry]:
    """A few verified publishers, to show people what the word means."""
    kind = CatalogEntry.Kind.VERIFIED_PUBLISHER
    return list(CatalogEntry.objects.filter(kind=kind)[:limit])


def official_examples() -> list[CatalogEntry]:
    """A few official images that most people know, for the same."""
    return list(CatalogEntry.objects.filter(path__in=WELL_KNOWN))


def stored_registry(service: str) -> ConnectedRegistry | None:
    """The connected registry that calls itself so, or None. For site staff."""
    if not is_name(service):
        return None
    with scopes_disabled():
        registries = ConnectedRegistry.objects.select_related("organization")
        return registries.filter(service=service).first()


def registry_that_asked(organization: Organization, service: str) -> core.Registry | None:
    """The facts about a registry that can ask about an organization, if it is still connected."""
    registry = stored_registry(service)
    if registry is None or registry.organization_id not in (None, organization.pk):
        return None
    return facts_about(registry)


def live_registry_credential(digest: str) -> RegistryCredential | None:
    """The registry's credential that nobody has revoked with this digest, or None."""
    with scopes_disabled():
        credentials = RegistryCredential.objects.select_related("registry__organization")
        return credentials.filter(digest=digest, revoked_at=None).first()


def narrowing(token: AccessToken) -> tuple[TokenScope, tuple[TokenLimit, ...] | None]:
    """The scope and the repositories to which a token narrows whoever uses it (D16)."""
    return TokenScope(token.scope), tuple(map(TokenLimit.read, token.repositories)) or None


def catalog_around(path: str) -> Catalog:
    """The part of the catalogue that can matter to a repository with this path."""
    first, _, rest = path.partition("/")
    nearby = [first, f"{first}/{rest.partition('/')[0]}"]
    return Catalog(
        tuple(
            Entry(entry.path, CatalogKind(entry.kind), entry.title, entry.description)
            for entry in CatalogEntry.objects.filter(path__in=nearby)
        )
    )


def site_mirrors() -> frozenset[str]:
    """The hosts of site-wide registries that mirror Docker Hub."""
    with scopes_disabled():
        mirrors = ConnectedRegistry.objects.filter(organization=None, upstream=HUB)
        return frozenset(mirrors.values_list("host", flat=True))


def own_mirror_hosts(organization: Organization) -> frozenset[str]:
    """The hosts of an organization's own registries that mirror Docker Hub."""
    with scope(organization=organization):
        mirrors = ConnectedRegistry.objects.filter(upstream=HUB)
        return frozenset(mirrors.values_list("host", flat=True))


def mirror_hosts(organization: Organization) -> frozenset[str]:
    """The hosts that stand for Docker Hub in an organization's decisions (C6)."""
    return site_mirrors() | own_mirror_hosts(organization)


def owned_namespaces(organization: Organization) -> frozenset[OwnedNamespace]:
    """The namespaces that an organization owns, as its own decisions see them."""
    namespaces = namespaces_of(organization).values_list("registry__host", "path")
    return frozenset(OwnedNamespace(host or HUB, path) for host, path in namespaces)


def rules_to_know(organization: str, own_rules: Rows) -> Row | None:
    """All that is kept in memory of the organization of that name, or None: its `name`, `plan` and
    `docker_organization`, its policy, and rows of its `registries`, its `owned` namespaces and
    (`own_rules`, as they are read) its `rules`.
    """
    if not is_name(organization):
        return None
    # From the policy, as without one there are no rules to decide by.
    with scopes_disabled():
        policies = ImageAccessPolicy.objects.filter(organization__name=organization)
        registries = ConnectedRegistry.objects.filter(organization=OuterRef("pk"))
        namespaces = Namespace.objects.filter(organization=OuterRef("pk"))
    return policies.values(
        "pk",
        "enabled",
        "allow_official_images",
        "allow_verified_publishers",
        "mode",
        "version",
        name=F("organization__name"),
        plan=F("organization__plan"),
        docker_organization=F("organization__docker_organization"),
        registries=Rows(registries, id="pk", service="service", host="host", upstream="upstream"),
        owned=Rows(namespaces, registry="registry_id", host="registry__host", path="path"),
        rules=own_rules,
    ).first()


def site_to_know() -> tuple[frozenset[str], int]:
    """The hosts of site-wide registries that mirror Docker Hub, and the version of what all
    organizations share."""
    with scopes_disabled():
        mirrors = ConnectedRegistry.objects.filter(organization=None, upstream=HUB)
    found = SiteVersion.objects.values("version", mirrors=Rows(mirrors, host="host")).first()
    if found is None:  # nothing that all share has been changed yet
        return site_mirrors(), site_version()
    return frozenset(one["host"] for one in found["mirrors"]), found["version"]


def site_version() -> int:
    """The version of what all organizations share."""
    return SiteVersion.objects.values_list("version", flat=True).first() or 1


def namespace_owners(host: str, first: str) -> dict[str, str]:
    """The namespaces on Docker Hub or on a site-wide registry whose first component this is, by
    path, and the organization that owns each."""
    on_host = (
        Q(registry=None) if host == HUB else Q(registry__host=host, registry__organization=None)
    )
    below = Q(path=first) | Q(path__startswith=f"{first}/")
    with scopes_disabled():
        owned = Namespace.objects.filter(on_host, below)
        return dict(owned.values_list("path", "organization__name"))


def facts_about(registry: ConnectedRegistry) -> core.Registry:
    """What decisions look at of a connected registry."""
    return core.Registry(
        service=registry.service,
        host=registry.host,
        organization=registry.organization.name if registry.organization else None,
        upstream_hub=registry.upstream == HUB,
        requires_membership=registry.members_only,
        anonymous_pulls=registry.anonymous_pulls,
    )
