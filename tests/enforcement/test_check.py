"""The table of sign-ins (S2, S3), asked of the pure check."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enforcement.allowed_orgs import AllowedOrgs, Code, read_file
from enforcement.artefacts.files import registry_json
from enforcement.check import MOST_FINDINGS, Facts, Rule, check
from permissions.core.policy import SubjectKind
from tests.permissions.core.strategies import steady
from tests.permissions.core.tables import rows

AT_DOCKER_HUB = {"acme": "acme", "globex-hub": "globex", "initech": "initech"}
MEMBER_OF = {"mel": {"acme"}, "gus": {"acme", "globex-hub"}}
KINDS = {"acme-token": SubjectKind.TOKEN, "anonymous": SubjectKind.ANONYMOUS}


def facts(who: str, asked_by: str) -> Facts:
    known = {
        name: organization
        for name, organization in AT_DOCKER_HUB.items()
        if asked_by in ("site", organization)
    }
    return Facts(
        kind=KINDS.get(who, SubjectKind.USER),
        member_of=frozenset(MEMBER_OF.get(who, ())),
        known=known,
        suggested=() if asked_by == "site" else tuple(known),
    )


@pytest.mark.parametrize(
    "case",
    rows("sign_ins.md", "who"),
    ids=lambda case: f"{case['who']} {case['allowed organizations']} {case['asked by']}",
)
def test_s2_the_table(case: dict[str, str]) -> None:
    allowed_orgs = read_file(registry_json(case["allowed organizations"].split()))
    outcome = check(allowed_orgs, facts(case["who"], case["asked by"]))

    assert outcome.allowed == (case["answer"] == "allow")
    assert outcome.rule == case["because"]
    assert (outcome.organization or "") == case["organization"]
    assert [finding.code for finding in outcome.findings] == case["reported"].split()
    assert outcome.reason == case["sentence"]


@pytest.mark.parametrize("case", rows("allowed_orgs.md", "file"), ids=lambda case: case["file"])
def test_s3_a_spoilt_list_lets_nobody_in_and_says_why(case: dict[str, str]) -> None:
    outcome = check(read_file(case["file"].encode()), facts("mel", "site"))

    if case["spoils"]:
        assert outcome.rule is Rule.INVALID_ALLOWED_ORGS
        assert outcome.findings[0].code == case["spoils"].split()[0]
        assert outcome.findings[0].message in outcome.reason
    else:
        assert outcome.rule in (Rule.SIGN_IN_ALLOWED, Rule.SIGN_IN_DENIED)


def test_s3_a_name_that_is_nearly_right_is_told_so() -> None:
    (finding,) = check(read_file(registry_json(["acne"])), facts("mel", "acme")).findings
    assert finding.code is Code.UNKNOWN_ORGANIZATION
    assert finding.message.endswith('Did you mean "acme"?')


def test_only_as_much_is_found_as_somebody_would_read() -> None:
    many = [f"nowhere-{number}" for number in range(MOST_FINDINGS + 5)]
    findings = check(read_file(registry_json([*many, "acme"])), facts("mel", "acme")).findings
    assert len(findings) == MOST_FINDINGS + 1
    assert findings[-1].message == "And 5 more."

    # What spoils the list is never what is left out.
    spoilt = read_file(registry_json([*["acme"] * (MOST_FINDINGS + 5), "ACME"]))
    assert check(spoilt, facts("mel", "acme")).findings[0].code is Code.UPPER_CASE


@steady
@given(
    names=st.lists(st.sampled_from(["acme", "globex-hub", "initech", "nowhere"]), min_size=1),
    who=st.sampled_from(["mel", "gus", "nina"]),
    asked_by=st.sampled_from(["site", "acme", "globex", "initech"]),
)
def test_s2_one_membership_admits_and_nothing_else_does(
    names: list[str], who: str, asked_by: str
) -> None:
    given_ = facts(who, asked_by)
    outcome = check(AllowedOrgs(tuple(dict.fromkeys(names))), given_)
    assert outcome.allowed == bool(set(names) & given_.member_of & set(given_.known))
    # What somebody is a member of elsewhere, an organization's credential never learns (S3).
    unseen = replace(given_, member_of=given_.member_of & set(given_.known))
    assert check(AllowedOrgs(tuple(dict.fromkeys(names))), unseen) == outcome
