"""Gathering what a decision is made from, whoever asks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from permissions import cluster_queries, queries
from permissions.core.deciders import deciders
from permissions.core.facts import Facts, Registry, Subject
from permissions.core.policy import SubjectKind, TokenLimit, TokenScope
from permissions.core.reference import ImageReference, InvalidReference, fold, parse
from permissions.reading import moment, once


@dataclass(frozen=True, slots=True)
class Claim:
    """Who wants something, as an edge has found out: a user by name, an organization access token
    by public id, a cluster's namespace as `cluster/namespace`, or nobody; narrowed by the token
    they came with."""

    kind: SubjectKind
    id: str
    token_scope: TokenScope | None = None
    token_limits: tuple[TokenLimit, ...] | None = None


ANONYMOUS = Claim(SubjectKind.ANONYMOUS, "")


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks us: a connected registry, or an organization itself, and what they may know.

    `organization` is the one they named. Only a registry may learn whether a user exists (O0);
    for others an unknown user is a stranger. `min_version` is a policy version they have seen.
    """

    registry: Registry | None = None
    organization: str | None = None
    may_tell_unknown: bool = True
    min_version: int | None = None


class NotYetKnown(Exception):
    """What was asked can't be answered from what is known here (503): never a guess."""


def facts_for(
    claim: Claim, asker: Asker, image: str, actions: Sequence[str], now: datetime
) -> Facts:
    """Everything that deciding `actions` on an image looks at, all as of one moment.

    Raises `NotYetKnown` if the asker has seen a later version than there is.
    """
    with moment():
        subject = _subject(claim, asker, now)
        site_mirrors = once(queries.site_mirrors)
        reference = _read(image)
        owner = _namespace_owner(asker, reference, site_mirrors)
        names = {
            name
            for action in actions
            for name in deciders(
                subject=subject,
                registry=asker.registry,
                named=asker.organization,
                action=action,
                namespace_owner=owner,
            )
        }
        check_version(asker)
        return Facts(
            subject=subject,
            registry=asker.registry,
            named=asker.organization,
            organizations=once(
                queries.organization_facts,
                frozenset(names),
                asker.registry.service if asker.registry else None,
            ),
            namespace_owner=owner,
            site_mirrors=site_mirrors,
            catalog=once(queries.catalog_around, reference.path if reference else ""),
            site_version=once(queries.site_version),
        )


def _subject(claim: Claim, asker: Asker, now: datetime) -> Subject:
    if claim.kind is SubjectKind.ANONYMOUS:
        return Subject(SubjectKind.ANONYMOUS, "", live=False)
    if claim.kind is SubjectKind.TOKEN:
        subject = once(queries.token_subject, claim.id, now)
    elif claim.kind is SubjectKind.CLUSTER:
        subject = once(cluster_queries.cluster_subject, claim.id)
    else:
        subject = replace(
            once(queries.user_subject, claim.id),
            token_scope=claim.token_scope,
            token_limits=claim.token_limits,
        )
    return subject if asker.may_tell_unknown else replace(subject, live=True)


def _read(image: str) -> ImageReference | None:
    try:
        return parse(image)
    except InvalidReference:
        return None


def _namespace_owner(
    asker: Asker, reference: ImageReference | None, site_mirrors: frozenset[str]
) -> str | None:
    site_wide = asker.registry is not None and asker.registry.organization is None
    if reference is None or not site_wide or asker.organization is not None:
        return None
    return once(queries.namespace_owner, fold(reference, site_mirrors))


def check_version(asker: Asker) -> None:
    """Raise `NotYetKnown` if the asker has seen a later version of a policy than there is."""
    if asker.min_version is None or asker.organization is None:
        return
    known = once(queries.policy_version, asker.organization)
    if known < asker.min_version:
        raise NotYetKnown(
            f"Version {asker.min_version} of {asker.organization}'s policy is not known here; "
            f"the newest is {known}."
        )
