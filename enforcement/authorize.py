"""The one place where facts about a sign-in are gathered and the check is asked."""

from dataclasses import dataclass

from enforcement.allowed_orgs import AllowedOrgs
from enforcement.check import Outcome, check
from enforcement.facts import facts_for
from permissions.facts import Asker, Claim, check_version, organization_facts
from permissions.reading import at_one_moment


@dataclass(frozen=True, slots=True)
class SignIn:
    """An outcome, for which organization it is, and as of which version of that one's rules.

    The organization is the one that asks; if the whole site does, the one that admits, if any.
    """

    outcome: Outcome
    organization: str | None
    policy_version: int | None


def authorize_sign_in(
    claim: Claim,
    asker: Asker,
    allowed_orgs: AllowedOrgs,
    *,
    known: frozenset[str] | None = None,
) -> SignIn:
    """Decide whether somebody may sign in on a machine with this list. Raises `NotYetKnown`.

    `known` are the organizations that the asker may know of: none but the one that asks if it is
    left out, or all if that is the whole site (S3).
    """
    asking = asker.organization or (asker.registry.organization if asker.registry else None)
    if known is None and asking is not None:
        known = frozenset({asking})

    def answer() -> SignIn:
        check_version(asker)
        outcome = check(allowed_orgs, facts_for(claim, allowed_orgs.names, known))
        organization = asking or outcome.organization
        facts = organization_facts(organization) if organization else None
        return SignIn(outcome, organization, facts.policy_version if facts else None)

    return at_one_moment(answer)
