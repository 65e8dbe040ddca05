"""Random facts and questions from a seed; small pools, so that things meet as often as not."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TypeVar

from permissions.core.catalog import Catalog, CatalogEntry, CatalogKind
from permissions.core.facts import Facts, OrganizationFacts, Registry, Standing, Subject
from permissions.core.own_rules import (
    EVERYONE,
    Audience,
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

NOW = datetime(2026, 1, 1, tzinfo=UTC)

_NAMES = ["acme", "globex", "hooli"]
_USERS = ["mel", "gus", "nina"]
_TEAMS = ["research", "pilots"]
_HOSTS = [
    *("", "", "", "", "docker.io/", "index.docker.io/", "Registry-1.docker.io:443/"),
    *("hub.example/", "own.example:5000/", "OWN.example:5000/", "ghcr.io/", "ghcr.io:443/"),
    *("localhost/", "[FC00::1]:5000/", "Acme/"),
]
_PATHS = [
    *("nginx", "library/nginx", "library/deep/nginx", "acme/app", "acme/app", "acme/team/app"),
    *("acme", "acmefoo/app", "globex/app", "grafana/loki", "grafana/loki", "grafana/loki/canary"),
    *("bitnami/redis", "hashicorp/vault"),
    *("obscure/tool", "obscure/other", "random/tool", "random/tools", "random/tool/deep"),
    *("random", "team/app", "x/" * 120 + "x"),
]
_ENDINGS = ["", "", "", ":1", ":1.2-x", f"@sha256:{'a' * 64}", f":1@sha512:{'0' * 128}"]
_BROKEN = ["-bad", "Up/per", "a..b", "a_b.c/x", "-x.y/z", "acme/app:", "acme/app@x", "x/" * 200, ""]
_ACTIONS = ["pull"] * 6 + ["push", "push", "delete", "list"]
_QUESTIONS_OF_A_WORLD = 10
_NAMESPACES = [
    *(Namespace("docker.io", path) for path in ("acme", "globex", "acme/team", "random/tool")),
    *(Namespace("own.example:5000", path) for path in ("team", "acme")),
]
_TARGETS = [
    parse_target(text)
    for text in (
        *("official", "verified_publisher", "community", "organization", "nginx", "library/*"),
        *("grafana/loki", "grafana/*", "random/tool", "random/*", "random/tool/*", "acme/*"),
        *("ghcr.io/random/*", "ghcr.io/random/tool", "own.example:5000/team/*", "Acme/app"),
    )
]
_LIMITS = [
    TokenLimit.read(text)
    for text in ("docker.io/acme/*", "docker.io/library/nginx", "docker.io/random/*", "ghcr.io/x")
]
_CATALOGS = [
    Catalog(),
    Catalog(
        (
            *(
                CatalogEntry(path, CatalogKind.VERIFIED_PUBLISHER, path)
                for path in ("grafana", "bitnami", "grafana/loki", "obscure/tool")
            ),
            CatalogEntry("library/nginx", CatalogKind.OFFICIAL, "nginx"),
        )
    ),
]

ChoiceT = TypeVar("ChoiceT")


@dataclass(frozen=True)
class RandomCase:
    """One question with the facts to answer it from."""

    facts: Facts
    image: str
    action: str
    now: datetime


def random_cases(seed: int, count: int) -> Iterator[RandomCase]:
    """Yield as many cases as asked for, the same ones for the same seed."""
    random = Random(seed)
    for number in range(count):
        if number % _QUESTIONS_OF_A_WORLD == 0:
            organizations = {name: _organization(random, name) for name in _NAMES}
        yield _case(random, organizations)


def _case(random: Random, organizations: dict[str, OrganizationFacts]) -> RandomCase:
    subject = _subject(random)
    likely = [*subject.standings] * 5 + _NAMES
    registry = _registry(random, likely)
    nobody = [] if registry is None else [None] * len(likely)
    known = Facts(
        subject=subject,
        registry=registry,
        named=random.choice([*likely, *nobody]),
        organizations=organizations,
        namespace_owner=random.choice([None, *likely]),
        site_mirrors=random.choice([frozenset(), frozenset({"hub.example"})]),
        catalog=_CATALOGS[random.random() < 0.8],
        site_version=1,
    )
    image = random.choice(_HOSTS) + random.choice(_PATHS) + random.choice(_ENDINGS)
    if random.random() < 0.05:
        image = random.choice(_BROKEN)
    return RandomCase(known, image, random.choice(_ACTIONS), NOW)


def _organization(random: Random, name: str) -> OrganizationFacts:
    return OrganizationFacts(
        name=name,
        policy_version=random.randrange(1, 99),
        plan=random.choice([Plan.BUSINESS] * 10 + [Plan.TEAM, Plan.FREE]),
        policy=Policy(
            enabled=random.random() < 0.9,
            allow_official_images=_coin(random),
            allow_verified_publishers=_coin(random),
            mode=random.choice([Mode.ENFORCE, Mode.ENFORCE, Mode.MONITOR]),
        ),
        namespaces=frozenset(_some(random, _NAMESPACES, 4)),
        mirrors=random.choice([frozenset(), frozenset({"own.example:5000"})]),
        own_rules=OwnRules(tuple(_own_rule(random, n) for n in range(random.choice([0, 1, 2, 5])))),
    )


def _own_rule(random: Random, number: int) -> OwnRule:
    audiences = [EVERYONE, EVERYONE, *map(Audience.team, _TEAMS), *map(Audience.user, _USERS)]
    hours = random.choice([None, None, -1, 0, 1])
    ids: list[int | str] = [number, f"rule-{number}"]
    return OwnRule(
        id=random.choice(ids),
        effect=random.choice(list(Effect)),
        target=random.choice(_TARGETS),
        audience=random.choice(audiences),
        ends_at=None if hours is None else NOW + timedelta(hours=hours),
        reason=random.choice(["", "Leaks."]),
    )


def _registry(random: Random, likely: list[str]) -> Registry | None:
    if random.random() < 0.15:
        return None
    organization = random.choice([*likely, *[None] * len(likely)])
    return Registry(
        service="registry",
        host=random.choice(["hub.example", "Own.example:5000", "plain.example:443"]),
        organization=organization,
        upstream_hub=_coin(random),
        requires_membership=random.random() < 0.3,
        anonymous_pulls=random.random() < 0.3,
    )


def _subject(random: Random) -> Subject:
    kind = random.choice([SubjectKind.USER] * 6 + list(SubjectKind))
    members_of = random.sample(_NAMES, random.choice([0, 1, 1, 1, 1, 2, 3]))
    if kind is not SubjectKind.USER:
        members_of = [] if kind is SubjectKind.ANONYMOUS else members_of[:1]
    scoped = kind is SubjectKind.TOKEN or random.random() < 0.3
    return Subject(
        kind=kind,
        id=random.choice(_USERS),
        live=random.random() < 0.95,
        standings={name: _standing(random) for name in members_of},
        token_scope=random.choice(list(TokenScope)) if scoped else None,
        token_limits=tuple(_some(random, _LIMITS, 3)) if random.random() < 0.15 else None,
    )


def _standing(random: Random) -> Standing:
    owner = random.random() < 0.15
    return Standing(owner, random.random() < 0.4, frozenset(_some(random, _TEAMS, 2)))


def _coin(random: Random) -> bool:
    return random.random() < 0.5


def _some(random: Random, pool: list[ChoiceT], most: int) -> list[ChoiceT]:
    return random.sample(pool, random.randint(0, most))
