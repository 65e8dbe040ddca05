"""The organizations, people and registries of tests/cases/decisions.md, as facts."""

from datetime import UTC, datetime

from permissions.core.catalog import Catalog, CatalogEntry, CatalogKind
from permissions.core.deciders import deciders
from permissions.core.facts import Facts, OrganizationFacts, Registry, Standing, Subject
from permissions.core.own_rules import (
    EVERYONE,
    Audience,
    AudienceKind,
    Effect,
    OwnRule,
    OwnRules,
    parse_target,
)
from permissions.core.policy import (
    Mode,
    Namespace,
    Plan,
    Policy,
    SubjectKind,
    TokenLimit,
    TokenScope,
)
from permissions.core.reference import HUB, InvalidReference, fold, fold_host, parse
from tests.permissions.core.tables import rows

SITE_VERSION = 3


def _names(cell: str) -> list[str]:
    return [] if cell == "-" else cell.split()


def _namespace(text: str) -> Namespace:
    host, _, path = text.partition("/")
    return Namespace(host, path)


REGISTRIES = {
    row["registry"]: Registry(
        service=row["registry"],
        host=row["host"],
        organization=None if row["organization"] == "-" else row["organization"],
        upstream_hub=row["mirror of Docker Hub"] == "yes",
        requires_membership=row["members only"] == "yes",
        anonymous_pulls=row["anonymous pulls"] == "yes",
    )
    for row in rows("decisions.md", "registry")
}


def _mirrors(organization: str | None) -> frozenset[str]:
    return frozenset(
        fold_host(registry.host)
        for registry in REGISTRIES.values()
        if registry.upstream_hub and registry.organization == organization
    )


SITE_MIRRORS = _mirrors(None)


def audience(text: str) -> Audience:
    """Read `everyone`, `team research` or `user mel`."""
    kind, _, name = text.partition(" ")
    return Audience(AudienceKind(kind), name) if name else EVERYONE


OWN_RULES = [
    (
        row["organization"],
        OwnRule(
            id=int(row["own rule"]),
            effect=Effect(row["effect"]),
            target=parse_target(row["on"]),
            audience=audience(row["for"]),
            ends_at=(
                None
                if row["ends"] == "-"
                else datetime.fromisoformat(row["ends"]).replace(tzinfo=UTC)
            ),
            reason="" if row["reason"] == "-" else row["reason"],
        ),
    )
    for row in rows("decisions.md", "own rule")
]

ORGANIZATIONS = {
    row["organization"]: OrganizationFacts(
        name=row["organization"],
        policy_version=number,
        plan=Plan(row["plan"]),
        policy=Policy(
            enabled=row["restrictions"] == "on",
            allow_official_images=row["official images"] == "yes",
            allow_verified_publishers=row["verified publishers"] == "yes",
            mode=Mode(row["mode"]),
        ),
        namespaces=frozenset(_namespace(text) for text in row["namespaces"].split()),
        mirrors=_mirrors(row["organization"]),
        own_rules=OwnRules(tuple(rule for name, rule in OWN_RULES if name == row["organization"])),
    )
    for number, row in enumerate(rows("decisions.md", "organization"), start=7)
}

SUBJECTS = {
    row["who"]: Subject(
        kind=SubjectKind(row["kind"]),
        id=row["who"],
        live=row["state"] == "active",
        standings={
            name: Standing(
                is_owner=name in _names(row["owner of"]),
                can_push=name in pushing,
                teams=frozenset(
                    team for of, _, team in (t.partition(":") for t in teams) if of == name
                ),
            )
            for pushing, teams in [(_names(row["can push in"]), _names(row["teams"]))]
            for name in [*_names(row["owner of"]), *pushing, *_names(row["member of"])]
        },
    )
    for row in rows("decisions.md", "who")
}

CATALOG = Catalog(
    tuple(
        CatalogEntry(path, CatalogKind.VERIFIED_PUBLISHER, path.title())
        for path in ("bitnami", "grafana", "hashicorp", "obscure/tool")
    )
)

_SITE_HOSTS = {HUB} | {fold_host(r.host) for r in REGISTRIES.values() if r.organization is None}


def subject(text: str) -> Subject:
    """Read `mel repo:read only docker.io/acme/*`: a name, the credential's scope, its limits."""
    credential, _, limits = text.partition(" only ")
    name, _, scope = credential.partition(" ")
    known = SUBJECTS[name]
    return Subject(
        kind=known.kind,
        id=known.id,
        live=known.live,
        standings=known.standings,
        token_scope=TokenScope(scope) if scope else None,
        token_limits=tuple(map(TokenLimit.read, limits.split())) if limits else None,
    )


def namespace_owner(image: str) -> str | None:
    """Who owns the namespace, on Docker Hub or a site-wide registry, that an image lies in."""
    try:
        repository = fold(parse(image), SITE_MIRRORS)
    except InvalidReference:
        return None
    if repository.host not in _SITE_HOSTS:
        return None
    owners = [
        organization.name
        for organization in ORGANIZATIONS.values()
        if any(namespace.contains(repository) for namespace in organization.namespaces)
    ]
    return next(iter(owners), None)


def facts(
    who: str, at: str, naming: str = "-", image: str = "", actions: tuple[str, ...] = ("pull",)
) -> Facts:
    """Gather facts as the site does: only the organizations that decide are loaded."""
    asking, registry = subject(who), REGISTRIES.get(at)
    named = None if naming == "-" else naming
    owner = namespace_owner(image)
    loaded = {
        name
        for action in actions
        for name in deciders(
            subject=asking, registry=registry, named=named, action=action, namespace_owner=owner
        )
    }
    return Facts(
        subject=asking,
        registry=registry,
        named=named,
        organizations={name: ORGANIZATIONS[name] for name in loaded},
        namespace_owner=owner,
        site_mirrors=SITE_MIRRORS,
        catalog=CATALOG,
        site_version=SITE_VERSION,
    )
