"""The words of Image Access Management: categories, rules, plans, scopes, namespaces, policies."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum

from permissions.core.reference import Repository, fold_host, path_prefixes


class Category(StrEnum):
    """What kind of image a repository is to one organization: the first that fits (C1 to C4)."""

    ORGANIZATION = "organization"
    OFFICIAL = "official"
    VERIFIED_PUBLISHER = "verified_publisher"
    COMMUNITY = "community"

    __hash__ = str.__hash__  # an enumeration's own is not as quick


# Python 3.11 takes longer to find an enumeration's member by its name than a row to be judged.
ORGANIZATION, OFFICIAL, VERIFIED_PUBLISHER, COMMUNITY = Category


class Rule(StrEnum):
    """Why a decision came out as it did: stable codes that programs may rely on."""

    INVALID_REFERENCE = "invalid_reference"
    UNKNOWN_SUBJECT = "unknown_subject"
    NOT_A_MEMBER = "not_a_member"
    NOT_ENABLED = "not_enabled"
    OWNER = "owner"
    ORGANIZATION_IMAGE = "organization_image"
    BLOCKED = "blocked"
    EXCEPTION = "exception"
    OFFICIAL_ALLOWED = "official_allowed"
    OFFICIAL_RESTRICTED = "official_restricted"
    VERIFIED_PUBLISHER_ALLOWED = "verified_publisher_allowed"
    VERIFIED_PUBLISHER_RESTRICTED = "verified_publisher_restricted"
    COMMUNITY_RESTRICTED = "community_restricted"
    MONITORED = "monitored"
    PUSH_ALLOWED = "push_allowed"
    PUSH_DENIED = "push_denied"
    TOKEN_SCOPE = "token_scope"
    NOT_GOVERNED = "not_governed"
    ANONYMOUS_DENIED = "anonymous_denied"

    @property
    def allows(self) -> bool:
        """The answer that the rule gives: every rule always gives the same one."""
        return self in _ALLOWING

    __hash__ = str.__hash__


_ALLOWING = frozenset(
    {
        Rule.NOT_ENABLED,
        Rule.OWNER,
        Rule.ORGANIZATION_IMAGE,
        Rule.EXCEPTION,
        Rule.OFFICIAL_ALLOWED,
        Rule.VERIFIED_PUBLISHER_ALLOWED,
        Rule.MONITORED,
        Rule.PUSH_ALLOWED,
        Rule.NOT_GOVERNED,
    }
)

RESTRICTIONS = frozenset(
    {
        Rule.BLOCKED,
        Rule.OFFICIAL_RESTRICTED,
        Rule.VERIFIED_PUBLISHER_RESTRICTED,
        Rule.COMMUNITY_RESTRICTED,
    }
)
"""The denials that an organization has chosen itself (D7 to D10): what monitoring spares, and an
exception can lift."""


class Plan(StrEnum):
    FREE = "free"
    TEAM = "team"
    BUSINESS = "business"


class Mode(StrEnum):
    ENFORCE = "enforce"
    MONITOR = "monitor"


class SubjectKind(StrEnum):
    USER = "user"
    TOKEN = "token"
    CLUSTER = "cluster"  # a cluster's namespace: a member like a token, without a token's limits
    ANONYMOUS = "anonymous"


class TokenScope(StrEnum):
    """What an access token is good for (D16), each including the ones before it."""

    PUBLIC_READ = "repo:public_read"
    READ = "repo:read"
    WRITE = "repo:write"
    ADMIN = "repo:admin"

    def covers(self, other: "TokenScope") -> bool:
        """Whether this scope includes `other`. (`<` would compare the spelling.)"""
        return _SCOPES.index(self) >= _SCOPES.index(other)

    def permits(self, action: str, category: Category | None) -> bool:
        """Whether a token of this scope may be used for an action on an image of a category."""
        return self.covers(self.needed(action, category))

    @staticmethod
    def needed(action: str, category: Category | None) -> "TokenScope":
        """The least scope for an action: what is neither a pull nor a push takes the highest."""
        if action == "pull":
            own = category is Category.ORGANIZATION
            return TokenScope.READ if own else TokenScope.PUBLIC_READ
        return TokenScope.WRITE if action == "push" else TokenScope.ADMIN


_SCOPES = tuple(TokenScope)


@dataclass(frozen=True, slots=True)
class Namespace:
    """A host and a path prefix, matched by whole components; a whole repository's path is one too.

    The host is folded when it is made, so that one namespace has one spelling.
    """

    host: str
    path: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "host", fold_host(self.host))

    def __str__(self) -> str:
        return f"{self.host}/{self.path}"

    def contains(self, repository: Repository) -> bool:
        """Whether a folded repository lies in the namespace; `acme` does not hold `acmefoo/app`."""
        return self.host == repository.host and (
            repository.path == self.path or repository.path.startswith(f"{self.path}/")
        )


@dataclass(frozen=True, slots=True)
class TokenLimit:
    """What a token is limited to (D16): one repository, or whatever lies in a namespace."""

    within: Namespace
    exact: bool

    @classmethod
    def read(cls, text: str) -> "TokenLimit":
        """Read `docker.io/acme/app`, one repository, or `docker.io/acme/*`, a whole namespace."""
        host, _, path = text.removesuffix("/*").partition("/")
        return cls(Namespace(host, path), exact=not text.endswith("/*"))

    def __str__(self) -> str:
        return str(self.within) if self.exact else f"{self.within}/*"

    def contains(self, repository: Repository) -> bool:
        """Whether a folded repository is within the limit."""
        if self.exact:
            return (repository.host, repository.path) == (self.within.host, self.within.path)
        return self.within.contains(repository)


def lies_in(repository: Repository, namespaces: AbstractSet[Namespace]) -> bool:
    """Whether a folded repository lies in any of many namespaces, however many there are."""
    prefixes = path_prefixes(repository.path)
    return any(Namespace(repository.host, prefix) in namespaces for prefix in prefixes)


@dataclass(frozen=True, slots=True)
class Policy:
    """An organization's Image Access Management settings, as its owners set them."""

    enabled: bool
    allow_official_images: bool
    allow_verified_publishers: bool
    mode: Mode = Mode.ENFORCE
