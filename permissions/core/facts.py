"""What a decision is made from: gathered outside, given in whole (D15), never fetched from here."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from permissions.core.catalog import Catalog
from permissions.core.own_rules import OwnRules
from permissions.core.policy import Namespace, Plan, Policy, SubjectKind, TokenLimit, TokenScope
from permissions.core.reference import Repository, path_prefixes


@dataclass(frozen=True, slots=True)
class Standing:
    """What an active user, or an organization's access token, is in one organization."""

    is_owner: bool
    can_push: bool  # in a team marked so; says nothing of owners, who may anyway
    teams: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Subject:
    """Who asks.

    `live` is False for whoever is unknown or deactivated, and for a revoked or expired token; it
    is not looked at for anonymous. `standings` has the organizations the subject is a member of;
    an organization access token's has exactly its organization (D16). `token_scope` and
    `token_limits` narrow a credential; None means that it does not narrow.
    """

    kind: SubjectKind
    id: str
    live: bool
    standings: Mapping[str, Standing] = field(default_factory=dict)
    token_scope: TokenScope | None = None
    token_limits: tuple[TokenLimit, ...] | None = None


@dataclass(frozen=True, slots=True)
class Registry:
    """A connected registry; `organization` is None where it serves the whole site (O1)."""

    service: str
    host: str
    organization: str | None
    upstream_hub: bool
    requires_membership: bool = False
    anonymous_pulls: bool = False


@dataclass(frozen=True, slots=True)
class OrganizationFacts:
    """One organization as of one policy version. `mirrors` are folded hosts of its own (C6)."""

    name: str
    policy_version: int
    plan: Plan
    policy: Policy
    namespaces: frozenset[Namespace] = frozenset()
    mirrors: frozenset[str] = frozenset()
    own_rules: OwnRules = field(default_factory=OwnRules)
    _paths: Mapping[str, set[str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        paths: dict[str, set[str]] = {}
        for namespace in self.namespaces:
            paths.setdefault(namespace.host, set()).add(namespace.path)
        object.__setattr__(self, "_paths", paths)

    def owns(self, repository: Repository) -> bool:
        """Whether a folded repository lies in one of the organization's namespaces."""
        paths = self._paths.get(repository.host)
        return paths is not None and not paths.isdisjoint(path_prefixes(repository.path))


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything one decision looks at.

    `registry` is None where an organization's own credential or a page asks; then `named` is
    always set. `organizations` holds at least those that `deciders` returns for every action
    asked. `namespace_owner` is the organization that owns the namespace, on docker.io or a
    site-wide registry, in which the repository lies.
    """

    subject: Subject
    registry: Registry | None
    named: str | None
    organizations: Mapping[str, OrganizationFacts]
    namespace_owner: str | None
    site_mirrors: frozenset[str]
    catalog: Catalog
    site_version: int
