"""Gathering what the check looks at, whoever asks."""

from enforcement.check import Facts
from permissions.core.policy import SubjectKind
from permissions.facts import (
    Claim,
    docker_organizations_of,
    organization_called,
    organizations_at_docker_hub,
)


def facts_for(claim: Claim, names: tuple[str, ...], known: frozenset[str] | None) -> Facts:
    """Everything that answering for a list with these names looks at.

    `known` are the organizations that whoever asks may know of (S3), None for all of them.
    """
    is_user = claim.kind is SubjectKind.USER
    organizations = _called(names) if known is None else organizations_at_docker_hub(sorted(known))
    return Facts(
        kind=claim.kind,
        member_of=docker_organizations_of(claim.id) if is_user else frozenset(),
        known=organizations,
        suggested=tuple(organizations) if known is not None else (),
    )


def _called(names: tuple[str, ...]) -> dict[str, str]:
    found = {name: organization_called(name) for name in names}
    return {name: organization for name, organization in found.items() if organization is not None}
