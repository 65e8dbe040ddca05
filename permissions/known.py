"""Each kind of facts that is kept in memory: how it is read, and which changes make it untrue.

The tags are those of `permissions.triggers`. What depends on the time is kept as a time, and
judged when it is used.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from django_scopes import scope, scopes_disabled

from orgs.models import Organization, OrganizationAccessToken
from orgs.names import is_name
from orgs.queries import (
    active_user_named,
    active_users_among,
    docker_organizations_among,
    has_second_factor,
    memberships_of,
    organization_at_docker_hub,
    organization_named,
)
from orgs.secrets import password_stamp
from permissions import cluster_queries, queries
from permissions.core import facts as core
from permissions.core.catalog import Catalog
from permissions.core.policy import Mode, Namespace, Plan, Policy, SubjectKind
from permissions.core.reference import Repository
from permissions.models import ConnectedRegistry, ImageAccessPolicy
from permissions.models import Namespace as StoredNamespace
from permissions.own_rule_queries import rules_that_count
from permissions.snapshots.memory import Kind
from permissions.snapshots.store import Loaded

PART = 400
"""About how many bytes one of the parts of a value takes, for the bound on all of them."""


@dataclass(frozen=True, slots=True)
class KnownUser:
    """An active user as a subject. `password_stamp` changes with the password; it is None for
    whom registries admit by token only, who have a second factor (P9)."""

    id: int
    subject: core.Subject
    password_stamp: str | None


@dataclass(frozen=True, slots=True)
class KnownToken:
    """An organization access token as a subject, if it hasn't expired."""

    subject: core.Subject
    expires_at: datetime | None

    def is_live(self, now: datetime) -> bool:
        return self.expires_at is None or self.expires_at > now


@dataclass(frozen=True, slots=True)
class KnownOrganization:
    """An organization's facts: as they count where one of its own registries asks (by service
    name), where it asks itself, and where anything else does (C9)."""

    docker_organization: str
    anywhere: core.OrganizationFacts
    for_itself: core.OrganizationFacts
    for_registries: Mapping[str, core.OrganizationFacts] = field(default_factory=dict)

    def asked_by(self, service: str | None) -> core.OrganizationFacts:
        """The facts as they count for a registry that asks, or (None) for the organization."""
        if service is None:
            return self.for_itself
        return self.for_registries.get(service, self.anywhere)


@dataclass(frozen=True, slots=True)
class Site:
    """What all organizations share, beside the catalogue."""

    mirrors: frozenset[str]
    version: int


def _load_user(username: str) -> Loaded[KnownUser] | None:
    user = active_user_named(username)
    if user is None:
        return None
    with scopes_disabled():
        memberships = list(memberships_of(user).prefetch_related("teams"))
    standings = {}
    tags = {f"user:{user.pk}"}
    for membership in memberships:
        teams = membership.teams.all()
        standings[membership.organization.name] = core.Standing(
            membership.is_owner, membership.can_push, frozenset(team.name for team in teams)
        )
        tags |= {f"membership:{membership.pk}", f"tenant:{membership.organization_id}"}
        tags |= {f"team:{team.pk}" for team in teams}
    subject = core.Subject(SubjectKind.USER, username, live=True, standings=standings)
    stamp = None if has_second_factor(user) else password_stamp(user.password)
    known = KnownUser(user.pk, subject, stamp)
    return Loaded(known, frozenset(tags), PART * (1 + len(tags)))


def _load_token(public_id: str) -> Loaded[KnownToken] | None:
    if not is_name(public_id):
        return None
    with scopes_disabled():
        tokens = OrganizationAccessToken.objects.select_related("organization")
        token = tokens.filter(public_id=public_id, revoked_at=None).first()
    if token is None:
        return None
    scope_, limits = queries.narrowing(token)
    subject = core.Subject(
        SubjectKind.TOKEN,
        public_id,
        live=True,
        standings={token.organization.name: core.Standing(is_owner=False, can_push=False)},
        token_scope=scope_,
        token_limits=limits,
    )
    tags = frozenset({f"token:{public_id}", f"tenant:{token.organization_id}"})
    return Loaded(KnownToken(subject, token.expires_at), tags, PART * (2 + len(limits or ())))


def _load_cluster_namespace(id: str) -> Loaded[core.Subject] | None:
    """A namespace, as `cluster/namespace`: a member of the organization that answers for it, in
    no team, never an owner (D16); not live if none does."""
    cluster_name, _, namespace = id.partition("/")
    cluster = cluster_queries.stored_cluster(cluster_name)
    if cluster is None or not cluster_queries.is_namespace(namespace):
        return None
    organization = cluster_queries.organization_for(cluster, namespace)
    tags = {f"cluster:{cluster.pk}"}
    if organization is None:
        return Loaded(core.Subject(SubjectKind.CLUSTER, id, live=False), frozenset(tags))
    standings = {organization.name: core.Standing(is_owner=False, can_push=False)}
    subject = core.Subject(SubjectKind.CLUSTER, id, live=True, standings=standings)
    return Loaded(subject, frozenset(tags | {f"tenant:{organization.pk}"}), PART)


def _load_organization(name: str) -> Loaded[KnownOrganization] | None:
    organization = organization_named(name)
    if organization is None:
        return None
    known, parts = _facts(organization)
    tags = frozenset({f"organization:{organization.pk}", "site_registries"})
    return Loaded(known, tags, PART * parts)


def _load_docker_organization(docker_organization: str) -> Loaded[str] | None:
    if not is_name(docker_organization):
        return None
    organization = organization_at_docker_hub(docker_organization)
    if organization is None:
        return None
    return Loaded(organization.name, frozenset({f"organization:{organization.pk}"}))


def _facts(organization: Organization) -> tuple[KnownOrganization, int]:
    registries = list(queries.registries_of(organization))
    with scope(organization=organization):
        policy = ImageAccessPolicy.objects.get()
        rules = rules_that_count(organization)
    namespaces = [(one.registry_id, _namespace(one)) for one in queries.namespaces_of(organization)]
    shared = core.OrganizationFacts(
        name=organization.name,
        policy_version=policy.version,
        plan=Plan(organization.plan),
        policy=Policy(
            enabled=policy.enabled,
            allow_official_images=policy.allow_official_images,
            allow_verified_publishers=policy.allow_verified_publishers,
            mode=Mode(policy.mode),
        ),
        namespaces=_owned(namespaces, not_on=registries),
        mirrors=frozenset(one.host for one in registries if one.upstream),
        own_rules=rules,
    )
    known = KnownOrganization(
        docker_organization=organization.docker_organization,
        anywhere=shared,
        for_itself=replace(shared, namespaces=_owned(namespaces)),
        for_registries={
            one.service: replace(
                shared, namespaces=_owned(namespaces, not_on=set(registries) - {one})
            )
            for one in registries
        },
    )
    # Each registry sees a choice of its own of the same namespaces.
    choices = len(namespaces) * (2 + len(registries)) // 4
    return known, 6 + 3 * len(registries) + len(namespaces) + choices + 2 * len(rules.rules)


def _namespace(stored: StoredNamespace) -> Namespace:
    registry = stored.registry
    return Namespace(registry.host if registry else ConnectedRegistry.DOCKER_HUB, stored.path)


def _owned(
    namespaces: Iterable[tuple[int | None, Namespace]], not_on: Iterable[ConnectedRegistry] = ()
) -> frozenset[Namespace]:
    """The namespaces of an organization, each with its registry's id, without those on registries
    that don't count (C9)."""
    left_out = {registry.pk for registry in not_on}
    return frozenset(one for registry, one in namespaces if registry not in left_out)


def _load_site(_: None) -> Loaded[Site]:
    site = Site(queries.site_mirrors(), queries.site_version())
    return Loaded(site, frozenset({"site_registries", "site_version"}))


def _load_catalog(path: str) -> Loaded[Catalog]:
    catalog = queries.catalog_around(path)
    return Loaded(catalog, frozenset({"catalog"}), PART * len(catalog.entries))


def _load_namespace_owners(place: tuple[str, str]) -> Loaded[Mapping[str, str]]:
    host, first = place
    owners = queries.namespace_owners(host, first)
    tags = frozenset({f"namespace:{first}", "site_registries"})
    return Loaded(owners, tags, PART * len(owners))


USER = Kind("user", _load_user, active_users_among)
TOKEN = Kind("token", _load_token)
CLUSTER_NAMESPACE = Kind("cluster_namespace", _load_cluster_namespace)
ORGANIZATION = Kind("organization", _load_organization)
DOCKER_ORGANIZATION = Kind(
    "docker_organization", _load_docker_organization, docker_organizations_among
)
SITE = Kind("site", _load_site)
CATALOG = Kind("catalog", _load_catalog)
NAMESPACE_OWNERS = Kind("namespace_owners", _load_namespace_owners)


def catalog_place(path: str) -> str:
    """Under which the part of the catalogue is kept that can matter to a path."""
    return "/".join(path.split("/", 2)[:2])


def namespace_place(repository: Repository) -> tuple[str, str]:
    """Under which the owners of namespaces are kept that a repository could lie in."""
    return repository.host, repository.path.partition("/")[0]
