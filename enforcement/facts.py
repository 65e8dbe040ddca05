"""Gathering what the check looks at, whoever asks."""

from collections.abc import Sequence

from enforcement.check import Facts
from orgs.queries import (
    active_user_named,
    organization_named,
    organizations_at_docker_hub,
    organizations_of,
)
from permissions.core.policy import SubjectKind
from permissions.facts import Claim
from permissions.reading import once


def facts_for(claim: Claim, names: Sequence[str], asking: str | None) -> Facts:
    """Everything that answering for a list with these names looks at.

    To `asking`, the organization that asks, every other organization is unknown (S3).
    """
    known, at_docker_hub = once(_known, frozenset(names), asking)
    return Facts(
        kind=claim.kind,
        member_of=once(_member_of, claim.id) if claim.kind is SubjectKind.USER else frozenset(),
        known=known,
        asking=at_docker_hub,
    )


def _known(names: frozenset[str], asking: str | None) -> tuple[dict[str, str], str | None]:
    if asking is None:
        found = organizations_at_docker_hub(names)
        return {one.docker_organization: one.name for one in found}, None
    organization = organization_named(asking)
    if organization is None:
        return {}, None
    return {organization.docker_organization: asking}, organization.docker_organization


def _member_of(username: str) -> frozenset[str]:
    user = active_user_named(username)
    organizations = organizations_of(user) if user is not None else []
    return frozenset(one.docker_organization for one in organizations)
