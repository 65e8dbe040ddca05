"""AuthZEN's question for a machine: may this subject sign in where these organizations may?"""

from typing import Any

from enforcement.allowed_orgs import Finding, read_properties
from enforcement.authorize import authorize_sign_in
from permissions.facts import Asker, Claim
from registries.authzen_request import Resource

MACHINE = "machine"
SIGN_IN = "sign_in"


def sign_in_answer(claim: Claim, asker: Asker, machine: Resource) -> dict[str, Any]:
    """The response to one question. Raises `NotYetKnown`."""
    sign_in = authorize_sign_in(claim, asker, read_properties(bytes(machine.properties)))
    outcome = sign_in.outcome
    return {
        "decision": outcome.allowed,
        "context": {
            "rule": outcome.rule,
            "category": None,
            "organization": sign_in.organization,
            "policy_version": sign_in.policy_version,
            "reason": outcome.reason,
            "findings": [_shown(finding) for finding in outcome.findings],
        },
    }


def _shown(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "severity": "error" if finding.code.spoils else "warning",
        "message": finding.message,
    }
