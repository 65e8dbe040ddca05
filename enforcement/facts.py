"""Gathering what the check looks at, whoever asks."""

from enforcement.check import Facts
from permissions.core.policy import SubjectKind
from permissions.facts import (
    Claim,
    docker_organizations_of,
    organizations_at_docker_hub,
    organizations_called,
)


def facts_for(claim: Claim, names: tuple[str, ...], known: frozenset[str] | None) -> Facts:
    """Everything that answering for a list with these names looks at.

    `known` are the organizations that whoever asks may know of (S3), None for all of them.
    """
    is_user = claim.kind is SubjectKind.USER
    organizations = (
        organizations_called(names) if known is None else organizations_at_docker_hub(sorted(known))
    )
    return Facts(
        kind=claim.kind,
        member_of=docker_organizations_of(claim.id) if is_user else frozenset(),
        known=organizations,
        suggested=tuple(organizations) if known is not None else (),
    )
