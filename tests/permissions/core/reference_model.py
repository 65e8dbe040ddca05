"""The law read a second time: semantics.md word for word, slow and obvious, to hold the core to.

It takes the same facts as the core, and shares no function with it: it only reads their fields.
What it says is compared with what `decide` says, in tests and at length by bench/agree.py.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from permissions.core.facts import Facts, OrganizationFacts, Registry, Standing, Subject
from permissions.core.own_rules import Audience, OwnRule, Target
from permissions.core.policy import Category, Namespace, TokenLimit
from permissions.core.reference import Repository

ALLOW = {
    "not_enabled",
    "owner",
    "organization_image",
    "exception",
    "official_allowed",
    "verified_publisher_allowed",
    "monitored",
    "push_allowed",
    "not_governed",
}
HUB_NAMES = ["docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"]


@dataclass(frozen=True)
class Verdict:
    """What one organization says, or what is said without any."""

    rule: str
    category: str | None = None
    organization: str | None = None
    repository: str | None = None
    entry: str | None = None
    would_have: str | None = None
    own_rules: frozenset[int | str] = frozenset()

    @property
    def allowed(self) -> bool:
        return self.rule in ALLOW


def verdicts(facts: Facts, image: str, action: str, now: datetime) -> list[Verdict]:
    """What every deciding organization says, sorted by name; or one verdict without any."""
    read = read_image(image)
    if read is None:
        return [Verdict("invalid_reference")]  # D1
    host, path = read
    subject, registry = facts.subject, facts.registry
    place = folded(host, path, _mirrors(facts, None))

    def said(rule: str) -> list[Verdict]:
        rule = narrowed(rule, subject, action, None, *place)
        return [Verdict(rule, repository="/".join(place))]

    if subject.kind == "anonymous":
        open_here = (
            registry is not None
            and registry.organization is None
            and facts.named is None
            and registry.anonymous_pulls
        )
        return said("not_governed" if open_here and action == "pull" else "anonymous_denied")  # O5
    if not subject.live:
        return said("unknown_subject")  # D2
    names = who_decides(facts, action)
    if not names and action != "pull":
        return said("push_denied")  # D13
    if not names and subject.kind != "user":
        return said("not_a_member")  # D16, O5: only an active user is not governed
    if not names and registry is not None and registry.requires_membership:
        return said("not_a_member")  # O5
    if not names:
        return said("not_governed")  # O5
    return [_of_organization(facts, name, host, path, action, now) for name in sorted(names)]


def pull_with_push(facts: Facts, image: str, now: datetime) -> list[Verdict]:
    """A pull asked together with a push that is granted is granted with it (D13)."""
    push = verdicts(facts, image, "push", now)
    if all(verdict.allowed for verdict in push):
        return push
    return verdicts(facts, image, "pull", now)


def of_catalog(facts: Facts) -> Verdict:
    """`registry:catalog:*`: only owners, on their own organization's registry (D13)."""
    subject, registry = facts.subject, facts.registry
    if subject.kind == "anonymous":
        return Verdict("anonymous_denied")
    if not subject.live:
        return Verdict("unknown_subject")
    if registry is None or registry.organization is None:
        return Verdict("push_denied", organization=facts.named)
    name = registry.organization
    standing = subject.standings.get(name)
    if standing is None:
        return Verdict("not_a_member", organization=name)
    if subject.kind != "user" or not standing.is_owner:
        return Verdict("push_denied", organization=name)
    if subject.token_limits is not None:
        return Verdict("token_scope", organization=name)
    if subject.token_scope is not None and subject.token_scope != "repo:admin":
        return Verdict("token_scope", organization=name)
    return Verdict("push_allowed", organization=name)


def who_decides(facts: Facts, action: str) -> list[str]:
    """Section 3 of the law, for somebody who is somebody."""
    if facts.registry is not None and facts.registry.organization is not None:
        return [facts.registry.organization]  # O1
    if facts.named is not None:
        return [facts.named]  # O2
    if action == "pull":
        return list(facts.subject.standings)  # O3
    return [] if facts.namespace_owner is None else [facts.namespace_owner]  # D13


def _of_organization(
    facts: Facts, name: str, host: str, path: str, action: str, now: datetime
) -> Verdict:
    organization = facts.organizations[name]
    host, path = folded(host, path, _mirrors(facts, organization))
    category, entry = category_of(host, path, organization, facts)
    standing = facts.subject.standings.get(name)
    own_rules: list[OwnRule] = []
    if action == "pull":
        matching = [
            own
            for own in organization.own_rules.rules
            if _matches(own, host, path, category, facts.subject, standing, now)
        ]
        rule = pull_rule(organization, facts.subject, standing, category, matching)
        effect = {"blocked": "block", "exception": "exception"}.get(rule)
        own_rules = [own for own in matching if own.effect == effect]
    else:
        rule = push_rule(facts.subject, standing, category, action)
    would_have = None
    if organization.policy.mode == "monitor" and rule in {
        "blocked",
        "official_restricted",
        "verified_publisher_restricted",
        "community_restricted",
    }:
        rule, would_have = "monitored", rule  # D11
    narrow = narrowed(rule, facts.subject, action, category, host, path)
    if narrow != rule:
        rule, would_have, own_rules = narrow, None, []
    ids = frozenset(own.id for own in own_rules)
    return Verdict(rule, category, name, f"{host}/{path}", entry, would_have, ids)


def pull_rule(
    organization: OrganizationFacts,
    subject: Subject,
    standing: Standing | None,
    category: str,
    own_rules: Sequence[OwnRule],
) -> str:
    """D3 to D10, in their order."""
    policy = organization.policy
    if standing is None:
        return "not_a_member"  # D3
    if organization.plan != "business" or not policy.enabled:
        return "not_enabled"  # D4
    if subject.kind == "user" and standing.is_owner:
        return "owner"  # D5
    if category == "organization":
        return "organization_image"  # D6
    if any(rule.effect == "block" for rule in own_rules):
        return "blocked"  # D7
    if any(rule.effect == "exception" for rule in own_rules):
        return "exception"  # D7
    if category == "official":
        return "official_allowed" if policy.allow_official_images else "official_restricted"  # D8
    if category == "verified_publisher" and policy.allow_verified_publishers:
        return "verified_publisher_allowed"  # D9
    if category == "verified_publisher":
        return "verified_publisher_restricted"  # D9
    return "community_restricted"  # D10


def push_rule(subject: Subject, standing: Standing | None, category: str, action: str) -> str:
    """D13: namespace rights."""
    if standing is None:
        return "not_a_member"  # D3
    if action not in ("push", "delete") or category != "organization":
        return "push_denied"
    if subject.kind == "user":
        may = standing.is_owner or standing.can_push
    else:
        may = subject.token_scope in ("repo:write", "repo:admin")
    return "push_allowed" if may else "push_denied"


def narrowed(
    rule: str, subject: Subject, action: str, category: str | None, host: str, path: str
) -> str:
    """D16: limits and scopes narrow what is allowed, and never widen."""
    if rule not in ALLOW:
        return rule
    limits = subject.token_limits
    if limits is not None and not any(_within(limit, host, path) for limit in limits):
        return "token_scope"
    if subject.token_scope is None:
        return rule
    enough = {
        "pull": ["repo:read", "repo:write", "repo:admin"],
        "push": ["repo:write", "repo:admin"],
        "delete": ["repo:admin"],
    }[action]
    if action == "pull" and category != "organization":
        enough.append("repo:public_read")
    return rule if subject.token_scope in enough else "token_scope"


def category_of(
    host: str, path: str, organization: OrganizationFacts, facts: Facts
) -> tuple[str, str | None]:
    """Section 2 of the law, and the catalogue's narrowest entry where that is why."""
    if any(_lies_in(host, path, n.host, n.path) for n in organization.namespaces):
        return "organization", None  # C1
    if host != "docker.io":
        return "community", None  # C5
    if path.startswith("library/"):
        return "official", None  # C2
    listed = [
        entry.path
        for entry in facts.catalog.entries
        if entry.kind == "verified_publisher" and _lies_in("", path, "", entry.path)
    ]
    if listed:
        return "verified_publisher", max(listed, key=len)  # C3
    return "community", None  # C4


def folded(host: str, path: str, mirrors: set[str]) -> tuple[str, str]:
    """C6 and C7: one name for Docker Hub, mirrors resolved, `library/` completed."""
    host = _one_spelling(host)
    if host in mirrors:
        host = "docker.io"
    if host == "docker.io" and path.count("/") == 0:
        path = "library/" + path
    return host, path


def _one_spelling(host: str) -> str:
    host = "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in host)
    if host.endswith(":443"):
        host = host[:-4]
    return "docker.io" if host in HUB_NAMES else host


def _mirrors(facts: Facts, organization: OrganizationFacts | None) -> set[str]:
    mirrors = set(facts.site_mirrors)
    if organization is not None:
        mirrors |= organization.mirrors
    registry: Registry | None = facts.registry
    if registry is not None and registry.upstream_hub:
        mirrors.add(_one_spelling(registry.host))
    return mirrors


# Distribution's expressions as its regexp.go has them, put together and anchored as there: a host
# is optional, and where the text before the first slash is none, the name has no host at all.
_HOST_PART = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_HOST = rf"(?:{_HOST_PART}(?:\.{_HOST_PART})*|\[(?:[a-fA-F0-9:]+)\])(?::[0-9]+)?"
_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?:({_HOST})/)?({_COMPONENT}(?:/{_COMPONENT})*)(?::([A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}}))?"
    r"(?:@(sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}))?"
)


def read_image(text: str) -> tuple[str, str] | None:
    """The host and path of a reference, or None: Distribution's steps, one after the other."""
    if len(text) > 4096 or re.fullmatch("[0-9a-f]{64}", text):
        return None
    before, slash, after = text.partition("/")
    if slash == "":
        whole = f"docker.io/library/{text}"
    elif before == "localhost" or "." in before or ":" in before or before != before.lower():
        host = "docker.io" if before == "index.docker.io" else before
        library = "library/" if host == "docker.io" and "/" not in after else ""
        whole = f"{host}/{library}{after}"
    else:
        whole = f"docker.io/{text}"
    match = _REFERENCE.fullmatch(whole)
    if match is None or match[1] is None or len(match[2]) > 255:
        return None
    return match[1], match[2]


def _lies_in(host: str, path: str, namespace_host: str, namespace_path: str) -> bool:
    parts, prefix = path.split("/"), namespace_path.split("/")
    return host == namespace_host and parts[: len(prefix)] == prefix


def _within(limit: TokenLimit, host: str, path: str) -> bool:
    if limit.exact:
        return (host, path) == (limit.within.host, limit.within.path)
    return _lies_in(host, path, limit.within.host, limit.within.path)


def _matches(
    rule: OwnRule,
    host: str,
    path: str,
    category: str,
    subject: Subject,
    standing: Standing | None,
    now: datetime,
) -> bool:
    return (
        (rule.ends_at is None or now < rule.ends_at)
        and _about(rule.target, host, path, category)
        and _for(rule.audience, subject, standing)
    )


def _about(target: Target, host: str, path: str, category: str) -> bool:
    if isinstance(target, Category):
        return target.value == category
    if isinstance(target, Namespace):
        return _lies_in(host, path, target.host, target.path)
    assert isinstance(target, Repository)
    return (target.host, target.path) == (host, path)


def _for(audience: Audience, subject: Subject, standing: Standing | None) -> bool:
    if audience.kind == "everyone":
        return True
    if subject.kind != "user" or standing is None:
        return False  # D7a, D16
    if audience.kind == "team":
        return audience.name in standing.teams
    return audience.name == subject.id
