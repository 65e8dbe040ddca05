"""Gathering what the check looks at, whoever asks."""

from enforcement.check import Facts
from orgs.queries import (
    active_user_named,
    organizations_at_docker_hub,
    organizations_named,
    organizations_of,
)
from permissions.core.policy import SubjectKind
from permissions.facts import Claim
from permissions.reading import once


def facts_for(claim: Claim, names: tuple[str, ...], known: frozenset[str] | None) -> Facts:
    """Everything that answering for a list with these names looks at.

    `known` are the organizations that whoever asks may know of (S3), None for all of them.
    """
    organizations = once(_at_docker_hub, names if known is None else None, known)
    return Facts(
        kind=claim.kind,
        member_of=once(_member_of, claim.id) if claim.kind is SubjectKind.USER else frozenset(),
        known=organizations,
        suggested=tuple(organizations) if known is not None else (),
    )


def _at_docker_hub(names: tuple[str, ...] | None, known: frozenset[str] | None) -> dict[str, str]:
    if known is None:
        found = organizations_at_docker_hub(names or ())
    else:
        found = organizations_named(known)
    return {one.docker_organization: one.name for one in found}


def _member_of(username: str) -> frozenset[str]:
    user = active_user_named(username)
    organizations = organizations_of(user) if user is not None else []
    return frozenset(one.docker_organization for one in organizations)
