"""Each kind of facts that is kept in memory: how it is read, and which changes make it untrue.

The tags are those of `permissions.triggers`. What depends on the time is kept as a time, and
judged when it is used.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db.models import OuterRef
from django_scopes import scopes_disabled

from orgs.models import OrganizationAccessToken
from orgs.names import is_name
from orgs.queries import (
    active_user_to_know,
    active_users_among,
    docker_organizations_among,
    organization_at_docker_hub,
)
from orgs.rows import Row
from orgs.secrets import password_stamp
from permissions import cluster_queries, queries
from permissions.core import facts as core
from permissions.core.catalog import Catalog
from permissions.core.own_rules import OwnRules
from permissions.core.policy import Mode, Namespace, Plan, Policy, SubjectKind
from permissions.core.reference import HUB, Repository
from permissions.own_rule_queries import as_core, rules_that_count
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
    user = active_user_to_know(username)
    if user is None:
        return None
    teams: dict[str, list[Row]] = {}
    tags = {f"user:{user['pk']}"}
    for one in user["joined"]:
        teams.setdefault(one["organization"], []).append(one)
        tags |= {f"membership:{one['membership']}", f"tenant:{one['organization_id']}"}
        if one["team_id"] is not None:
            tags.add(f"team:{one['team_id']}")
    standings = {organization: _standing(of) for organization, of in teams.items()}
    subject = core.Subject(SubjectKind.USER, username, live=True, standings=standings)
    stamp = None if user["second_factor"] else password_stamp(user["password"])
    known = KnownUser(user["pk"], subject, stamp)
    return Loaded(known, frozenset(tags), PART * (1 + len(tags)))


def _standing(teams: Iterable[Row]) -> core.Standing:
    return core.Standing(
        is_owner=any(one["is_owners"] for one in teams),
        can_push=any(one["can_push"] for one in teams),
        teams=frozenset(one["team"] for one in teams if one["team_id"] is not None),
    )


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
    cluster = cluster_queries.cluster_to_know(cluster_name, namespace)
    if cluster is None:
        return None
    organization, tags = cluster["organization"], {f"cluster:{cluster['pk']}"}
    if organization is None:
        return Loaded(core.Subject(SubjectKind.CLUSTER, id, live=False), frozenset(tags))
    standings = {organization: core.Standing(is_owner=False, can_push=False)}
    subject = core.Subject(SubjectKind.CLUSTER, id, live=True, standings=standings)
    tags.add(f"tenant:{cluster['organization_id']}")
    return Loaded(subject, frozenset(tags), PART)


def _load_organization(name: str) -> Loaded[KnownOrganization] | None:
    found = queries.rules_to_know(name, rules_that_count(OuterRef("pk")))
    if found is None:
        return None
    known, parts = _facts(found)
    tags = frozenset({f"organization:{found['pk']}", "site_registries"})
    return Loaded(known, tags, PART * parts)


def _load_docker_organization(docker_organization: str) -> Loaded[str] | None:
    if not is_name(docker_organization):
        return None
    organization = organization_at_docker_hub(docker_organization)
    if organization is None:
        return None
    return Loaded(organization.name, frozenset({f"organization:{organization.pk}"}))


def _facts(found: Row) -> tuple[KnownOrganization, int]:
    registries = found["registries"]
    namespaces = [
        (one["registry"], Namespace(one["host"] or HUB, one["path"])) for one in found["owned"]
    ]
    rules = OwnRules(tuple(map(as_core, found["rules"])))
    own = {one["id"] for one in registries}
    shared = core.OrganizationFacts(
        name=found["name"],
        policy_version=found["version"],
        plan=Plan(found["plan"]),
        policy=Policy(
            enabled=found["enabled"],
            allow_official_images=found["allow_official_images"],
            allow_verified_publishers=found["allow_verified_publishers"],
            mode=Mode(found["mode"]),
        ),
        namespaces=_owned(namespaces, not_on=own),
        mirrors=frozenset(one["host"] for one in registries if one["upstream"]),
        own_rules=rules,
    )
    known = KnownOrganization(
        docker_organization=found["docker_organization"],
        anywhere=shared,
        for_itself=replace(shared, namespaces=_owned(namespaces)),
        for_registries={
            one["service"]: replace(shared, namespaces=_owned(namespaces, not_on=own - {one["id"]}))
            for one in registries
        },
    )
    # Each registry sees a choice of its own of the same namespaces.
    choices = len(namespaces) * (2 + len(registries)) // 4
    return known, 6 + 3 * len(registries) + len(namespaces) + choices + 2 * len(rules.rules)


def _owned(
    namespaces: Iterable[tuple[int | None, Namespace]], not_on: Container[int | None] = ()
) -> frozenset[Namespace]:
    """The namespaces of an organization, each with its registry's id, without those on registries
    that don't count (C9)."""
    return frozenset(one for registry, one in namespaces if registry not in not_on)


def _load_site(_: None) -> Loaded[Site]:
    return Loaded(Site(*queries.site_to_know()), frozenset({"site_registries", "site_version"}))


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
