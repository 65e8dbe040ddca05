"""Gathering what a decision is made from, whoever asks."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from orgs.names import is_name
from permissions.core.catalog import Catalog
from permissions.core.deciders import deciders
from permissions.core.facts import Facts, OrganizationFacts, Registry, Subject
from permissions.core.policy import SubjectKind, TokenLimit, TokenScope
from permissions.core.reference import ImageReference, InvalidReference, fold, parse, path_prefixes
from permissions.known import (
    CATALOG,
    CLUSTER_NAMESPACE,
    DOCKER_ORGANIZATION,
    NAMESPACE_OWNERS,
    ORGANIZATION,
    SITE,
    TOKEN,
    USER,
    KnownUser,
    Site,
    catalog_place,
    namespace_place,
)
from permissions.reading import at_one_moment, expect, known, require_newest
from permissions.snapshots.memory import NotYetKnown


class Claim(NamedTuple):
    """Who wants something, as an edge has found out: a user by name, an organization access token
    by public id, a cluster's namespace as `cluster/namespace`, or nobody; narrowed by the token
    they came with."""

    kind: SubjectKind
    id: str
    token_scope: TokenScope | None = None
    token_limits: tuple[TokenLimit, ...] | None = None


ANONYMOUS = Claim(SubjectKind.ANONYMOUS, "")


class Asker(NamedTuple):
    """Who asks us: a connected registry, or an organization itself, and what they may know.

    `organization` is the one they named. Only a registry may learn whether a user exists (O0);
    for others an unknown user is a stranger. `min_version` is a policy version they have seen.
    """

    registry: Registry | None = None
    organization: str | None = None
    may_tell_unknown: bool = True
    min_version: int | None = None


def facts_for(
    claim: Claim, asker: Asker, image: str, actions: Sequence[str], now: datetime
) -> Facts:
    """Everything that deciding `actions` on an image looks at, all as of one moment.

    Raises `NotYetKnown` if the asker has seen a later version than there is.
    """
    return at_one_moment(lambda: _facts(claim, asker, image, actions, now))


def next_end(claim: Claim, facts: Facts, now: datetime) -> datetime | None:
    """When something that these facts were judged by ends, so that they may be judged otherwise:
    an own rule, or the access token that asks. None if nothing does."""
    ends = [one.own_rules.next_end(now) for one in facts.organizations.values()]
    if claim.kind is SubjectKind.TOKEN:
        token = known(TOKEN, claim.id)
        ends.append(token.expires_at if token is not None else None)
    return min((end for end in ends if end is not None), default=None)


def organization_facts(name: str, asked_by: str | None = None) -> OrganizationFacts | None:
    """What decisions of an organization are made from, or None if there is no such organization.

    `asked_by` is the service name of the registry that asks, None if none does.
    """
    organization = known(ORGANIZATION, name)
    return organization.asked_by(asked_by) if organization is not None else None


def user_known_as(username: str) -> KnownUser | None:
    """The active user of that name, or None."""
    return known(USER, username) if is_name(username) else None


def expect_users(usernames: Iterable[str]) -> None:
    """Look up together who of these is nobody, before each is asked about."""
    expect(USER, usernames)


def docker_organizations_of(username: str) -> frozenset[str]:
    """What an active user's organizations are called at Docker Hub (S1)."""
    user = user_known_as(username)
    names = user.subject.standings if user is not None else ()
    return frozenset(organizations_at_docker_hub(names))


def organizations_at_docker_hub(names: Iterable[str]) -> dict[str, str]:
    """The organizations of these names that exist, by what they are called at Docker Hub."""
    found = (known(ORGANIZATION, name) for name in names)
    return {one.docker_organization: one.for_itself.name for one in found if one is not None}


def organizations_called(docker_organizations: Iterable[str]) -> dict[str, str]:
    """The organizations that give one of these as their name at Docker Hub, by that name."""
    names = tuple(docker_organizations)
    expect(DOCKER_ORGANIZATION, names)
    found = {name: known(DOCKER_ORGANIZATION, name) for name in names}
    return {name: organization for name, organization in found.items() if organization is not None}


def organization_at(cluster: str, namespace: str) -> str | None:
    """The organization that answers for a cluster's namespace, or None."""
    subject = known(CLUSTER_NAMESPACE, f"{cluster}/{namespace}")
    return next(iter(subject.standings), None) if subject is not None else None


def _facts(claim: Claim, asker: Asker, image: str, actions: Sequence[str], now: datetime) -> Facts:
    subject = _subject(claim, asker, now)
    site = known(SITE, None)
    assert site is not None  # there always is one
    reference = _read(image)
    owner = _namespace_owner(asker, reference, site)
    service = asker.registry.service if asker.registry else None
    organizations = {}
    for action in actions:
        for name in deciders(
            subject=subject,
            registry=asker.registry,
            named=asker.organization,
            action=action,
            namespace_owner=owner,
        ):
            facts = organization_facts(name, service)
            if facts is not None:
                organizations[name] = facts
    check_version(asker)
    return Facts(
        subject=subject,
        registry=asker.registry,
        named=asker.organization,
        organizations=organizations,
        namespace_owner=owner,
        site_mirrors=site.mirrors,
        catalog=_catalog(reference),
        site_version=site.version,
    )


def _subject(claim: Claim, asker: Asker, now: datetime) -> Subject:
    subject = _found(claim, now)
    if subject is None:
        subject = Subject(claim.kind, claim.id, live=False)
    if asker.may_tell_unknown or claim.kind is SubjectKind.ANONYMOUS:
        return subject
    return replace(subject, live=True)


def _found(claim: Claim, now: datetime) -> Subject | None:
    match claim.kind:
        case SubjectKind.USER:
            user = known(USER, claim.id)
            if user is None or claim.token_scope is None:
                # The narrowing alone says nothing of somebody who isn't there.
                return user.subject if user is not None else None
            return replace(
                user.subject, token_scope=claim.token_scope, token_limits=claim.token_limits
            )
        case SubjectKind.TOKEN:
            token = known(TOKEN, claim.id)
            return token.subject if token is not None and token.is_live(now) else None
        case SubjectKind.CLUSTER:
            return known(CLUSTER_NAMESPACE, claim.id)
        case _:
            return None


def _read(image: str) -> ImageReference | None:
    try:
        return parse(image)
    except InvalidReference:
        return None


def _namespace_owner(asker: Asker, reference: ImageReference | None, site: Site) -> str | None:
    site_wide = asker.registry is not None and asker.registry.organization is None
    if reference is None or not site_wide or asker.organization is not None:
        return None
    repository = fold(reference, site.mirrors)
    owners = known(NAMESPACE_OWNERS, namespace_place(repository))
    if not owners:
        return None
    return next((owners[path] for path in path_prefixes(repository.path) if path in owners), None)


def _catalog(reference: ImageReference | None) -> Catalog:
    found = known(CATALOG, catalog_place(reference.path)) if reference is not None else None
    return found if found is not None else Catalog()


def check_version(asker: Asker) -> None:
    """Raise `NotYetKnown` if the asker has seen a later version of a policy than there is."""
    if asker.min_version is None or asker.organization is None:
        return
    organization = organization_facts(asker.organization)
    version = organization.policy_version if organization is not None else 0
    if version < asker.min_version:
        require_newest()
        raise NotYetKnown(
            f"Version {asker.min_version} of {asker.organization}'s policy is not known here; "
            f"the newest is {version}."
        )
