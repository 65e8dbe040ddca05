"""Reading the rules. Functions about one organization start from it."""

from collections.abc import Iterator, Set
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from orgs.models import AccessToken, Organization
from orgs.names import is_name
from orgs.queries import (
    active_user_named,
    memberships_of,
    organization_token_named,
    organizations_named,
)
from orgs.secrets import SecretKind, kind_of, secret_digest
from permissions.core import facts as core
from permissions.core.catalog import Catalog, CatalogKind
from permissions.core.catalog import CatalogEntry as Entry
from permissions.core.policy import Mode, Plan, Policy, SubjectKind, TokenLimit, TokenScope
from permissions.core.policy import Namespace as OwnedNamespace
from permissions.core.reference import HUB, Repository
from permissions.models import (
    CatalogEntry,
    ConnectedRegistry,
    ImageAccessPolicy,
    Namespace,
    RegistryCredential,
    SiteVersion,
)
from permissions.own_rule_queries import rules_that_count

LAST_USED_PRECISION = timedelta(minutes=1)
WELL_KNOWN = ("library/alpine", "library/nginx", "library/postgres", "library/python")


@contextmanager
def one_moment() -> Iterator[None]:
    """Make every query inside see the database as of one moment.

    Else a decision could carry the version of a change and miss the change (P6).
    """
    outermost = not connection.in_atomic_block
    if connection.vendor != "postgresql":
        # The demo's SQLite would make readers queue for the write lock.
        yield
        return
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


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


def registry_of_service(service: str) -> core.Registry | None:
    """The facts about the connected registry that calls itself so, or None. Notes that a client
    asked for its sake."""
    registry = stored_registry(service)
    if registry is None:
        return None
    now, asked_at = timezone.now(), registry.token_asked_at
    if asked_at is None or now - asked_at > LAST_USED_PRECISION:
        with scopes_disabled():
            ConnectedRegistry.objects.filter(pk=registry.pk).update(token_asked_at=now)
    return facts_about(registry)


def registry_that_asked(organization: Organization, service: str) -> core.Registry | None:
    """The facts about a registry that can ask about an organization, if it is still connected."""
    registry = stored_registry(service)
    if registry is None or registry.organization_id not in (None, organization.pk):
        return None
    return facts_about(registry)


def registry_with_secret(secret: str, now: datetime) -> core.Registry | None:
    """The registry whose live credential this is, or None. Notes that it was used."""
    if kind_of(secret) is not SecretKind.REGISTRY:
        return None
    with scopes_disabled():
        credential = (
            RegistryCredential.objects.select_related("registry__organization")
            .filter(digest=secret_digest(secret), revoked_at=None)
            .first()
        )
        if credential is None:
            return None
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - LAST_USED_PRECISION)
        RegistryCredential.objects.filter(stale, pk=credential.pk).update(last_used_at=now)
        return facts_about(credential.registry)


def user_subject(username: str) -> core.Subject:
    """A user as a subject; not live if unknown or deactivated."""
    user = active_user_named(username)
    if user is None:
        return core.Subject(SubjectKind.USER, username, live=False)
    with scopes_disabled():
        standings = {
            membership.organization.name: core.Standing(
                membership.is_owner,
                membership.can_push,
                frozenset(team.name for team in membership.teams.all()),
            )
            for membership in memberships_of(user).prefetch_related("teams")
        }
    return core.Subject(SubjectKind.USER, username, live=True, standings=standings)


def token_subject(public_id: str, now: datetime) -> core.Subject:
    """An organization access token as a subject; not live if unknown, expired or revoked."""
    token = organization_token_named(public_id, now)
    if token is None:
        return core.Subject(SubjectKind.TOKEN, public_id, live=False)
    scope_, limits = narrowing(token)
    return core.Subject(
        SubjectKind.TOKEN,
        public_id,
        live=True,
        standings={token.organization.name: core.Standing(is_owner=False, can_push=False)},
        token_scope=scope_,
        token_limits=limits,
    )


def narrowing(token: AccessToken) -> tuple[TokenScope, tuple[TokenLimit, ...] | None]:
    """The scope and the repositories to which a token narrows whoever uses it (D16)."""
    return TokenScope(token.scope), tuple(map(TokenLimit.read, token.repositories)) or None


def organization_facts(names: Set[str], asked_by: str | None) -> dict[str, core.OrganizationFacts]:
    """What decisions of these organizations are made from; names that don't exist are left out.

    `asked_by` is the service name of the registry that asks, None if none does.
    """
    return {
        organization.name: _facts(organization, asked_by)
        for organization in (organizations_named(names) if names else [])
    }


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


def owned_namespaces(
    organization: Organization, asked_by: str | None = None
) -> frozenset[OwnedNamespace]:
    """The namespaces that an organization owns, as decisions see them.

    One on its own registry doesn't count where another registry asks (C9): its host is a name that
    the organization has chosen by itself.
    """
    with scope(organization=organization):
        counting = Namespace.objects.all()
        if asked_by is not None:
            shared = Q(registry=None) | Q(registry__organization=None)
            counting = counting.filter(shared | Q(registry__service=asked_by))
        namespaces = counting.values_list("registry__host", "path")
        return frozenset(OwnedNamespace(host or HUB, path) for host, path in namespaces)


def policy_version(organization_name: str) -> int:
    """The newest policy version of the organization of that name; 0 if there is none."""
    with scopes_disabled():
        policies = ImageAccessPolicy.objects.filter(organization__name=organization_name)
        return policies.values_list("version", flat=True).first() or 0


def site_version() -> int:
    """The version of what all organizations share."""
    return SiteVersion.objects.values_list("version", flat=True).first() or 1


def namespace_owner(repository: Repository) -> str | None:
    """The organization that owns the namespace a repository lies in, on Docker Hub or on a
    site-wide registry, or None."""
    components = repository.path.split("/")
    prefixes = ["/".join(components[: end + 1]) for end in range(len(components))]
    on_host = (
        Q(registry=None)
        if repository.host == HUB
        else Q(registry__host=repository.host, registry__organization=None)
    )
    with scopes_disabled():
        owners = Namespace.objects.filter(on_host, path__in=prefixes)
        return owners.values_list("organization__name", flat=True).first()


def _facts(organization: Organization, asked_by: str | None) -> core.OrganizationFacts:
    with scope(organization=organization):
        policy = ImageAccessPolicy.objects.get()
        return core.OrganizationFacts(
            name=organization.name,
            policy_version=policy.version,
            plan=Plan(organization.plan),
            policy=Policy(
                enabled=policy.enabled,
                allow_official_images=policy.allow_official_images,
                allow_verified_publishers=policy.allow_verified_publishers,
                mode=Mode(policy.mode),
            ),
            namespaces=owned_namespaces(organization, asked_by),
            mirrors=own_mirror_hosts(organization),
            own_rules=rules_that_count(organization),
        )


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
