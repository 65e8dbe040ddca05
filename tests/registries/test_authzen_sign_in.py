"""May somebody sign in on a machine, asked by AuthZEN (S2, S3)."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from orgs.actor import Actor
from orgs.member_operations import add_member, remove_members
from orgs.models import Organization
from orgs.operations import change_profile, deactivate_user
from orgs.token_operations import create_organization_token
from permissions.queries import policy_of
from tests.conftest import NewVisitor, named_user

STAFF = Actor.site_staff()
PATH = "/access/v1/evaluation"
ONLY_ACME = (
    "Sign-in is only for members of acme. Ask one of its owners for an invitation, or sign in "
    "with another account."
)
SignIn = Callable[..., httpx.Response]


@pytest.fixture
def sign_in(visitor: NewVisitor, demo: dict[str, str]) -> SignIn:
    client = visitor()

    def post(
        *allowed_orgs: Any,
        who: str = "mel",
        kind: str = "user",
        credential: str = "ACME_REGISTRY_TOKEN",
        properties: Any = None,
        **context: Any,
    ) -> httpx.Response:
        given = {"allowedOrgs": allowed_orgs} if properties is None else properties
        body = {
            "subject": {"type": kind, "id": who},
            "action": {"name": "sign_in"},
            "resource": {"type": "machine", "id": "laptop-17", "properties": given},
            "context": context,
        }
        secret = demo.get(credential, credential)
        return client.post(PATH, json=body, headers={"Authorization": f"Bearer {secret}"})

    return post


def rule(answer: httpx.Response) -> tuple[bool, str]:
    assert answer.status_code == 200, answer.text
    body = answer.json()
    return body["decision"], body["context"]["rule"]


def codes(answer: httpx.Response) -> list[str]:
    return [finding["code"] for finding in answer.json()["context"]["findings"]]


def test_s2_a_member_may(sign_in: SignIn, acme: Organization) -> None:
    assert sign_in("acme").json() == {
        "decision": True,
        "context": {
            "rule": "sign_in_allowed",
            "category": None,
            "organization": "acme",
            "policy_version": policy_of(acme).version,
            "reason": "Members of acme may sign in.",
            "findings": [],
        },
    }


def test_s2_somebody_else_may_not_and_reads_why(sign_in: SignIn) -> None:
    answer = sign_in("acme", who="nina")
    assert rule(answer) == (False, "sign_in_denied")
    assert answer.json()["context"]["reason"] == ONLY_ACME


def test_s2_several_organizations_for_the_whole_site(sign_in: SignIn) -> None:
    site = {"credential": "SITE_REGISTRY_TOKEN"}
    answer = sign_in("globex", "acme", who="gus", **site)
    assert rule(answer) == (True, "sign_in_allowed")
    assert answer.json()["context"]["organization"] == "globex"
    assert rule(sign_in("globex", "acme", who="mel", **site)) == (True, "sign_in_allowed")
    refused = sign_in("globex", "initech", who="mel", **site)
    assert rule(refused) == (False, "sign_in_denied")
    context = refused.json()["context"]
    assert context["organization"] is context["policy_version"] is None
    assert "members of globex or initech" in context["reason"]


def test_s3_other_organizations_are_unknown_to_an_organization(sign_in: SignIn) -> None:
    for credential in ("ACME_REGISTRY_TOKEN", "OLIVIA_TOKEN"):
        assert rule(sign_in("globex", who="gus", credential=credential))[0] is False
        exists = sign_in("globex", "acme", credential=credential)
        assert rule(exists) == (True, "sign_in_allowed")
        # One that exists and one that doesn't can't be told apart.
        unreal = sign_in("goblex", "acme", credential=credential)
        assert exists.text.replace("globex", "goblex") == unreal.text
        assert codes(exists) == ["unknown_organization"]


def test_s3_an_organization_named_narrows_a_question_of_the_site(sign_in: SignIn) -> None:
    site = {"credential": "SITE_REGISTRY_TOKEN", "who": "gus"}
    assert rule(sign_in("globex", **site)) == (True, "sign_in_allowed")
    assert rule(sign_in("globex", organization="acme", **site)) == (False, "sign_in_denied")
    assert rule(sign_in("globex", organization="globex", **site)) == (True, "sign_in_allowed")
    assert sign_in("globex", organization="nowhere", **site).status_code == 403
    assert sign_in("acme", organization="globex").status_code == 403


def test_s1_the_name_at_docker_hub_is_what_counts(sign_in: SignIn, acme: Organization) -> None:
    change_profile(STAFF, acme, display_name="Acme", docker_organization="acme-industries")

    for credential in ("ACME_REGISTRY_TOKEN", "SITE_REGISTRY_TOKEN"):
        answer = sign_in("acme-industries", credential=credential)
        assert rule(answer) == (True, "sign_in_allowed")
        assert answer.json()["context"]["organization"] == "acme"
        old = sign_in("acme", credential=credential)
        assert rule(old) == (False, "sign_in_denied")
        assert codes(old) == ["unknown_organization"]


def test_s2_only_active_members_count(sign_in: SignIn, acme: Organization) -> None:
    add_member(STAFF, acme, named_user("nina"))
    assert rule(sign_in("acme", who="nina"))[0]
    remove_members(STAFF, acme, ["nina"])
    assert not rule(sign_in("acme", who="nina"))[0]
    deactivate_user(STAFF, named_user("mel"))
    assert not rule(sign_in("acme"))[0]


def test_o0_nobody_learns_who_exists(sign_in: SignIn) -> None:
    for credential in ("ACME_REGISTRY_TOKEN", "SITE_REGISTRY_TOKEN", "OLIVIA_TOKEN"):
        existing = sign_in("acme", who="nina", credential=credential)
        for name in ("stranger", "Nina", "mel\x00", "", "x" * 1000):
            assert sign_in("acme", who=name, credential=credential).text == existing.text


def test_a_token_and_nobody_are_nobodys_account(sign_in: SignIn, acme: Organization) -> None:
    token, _ = create_organization_token(STAFF, acme, label="CI", scope="repo:admin")
    of_acme = sign_in("acme", who=token.public_id, kind="token")
    assert rule(of_acme) == (False, "sign_in_denied")
    assert "nobody's account" in of_acme.json()["context"]["reason"]
    # Whether there is such a token is not told.
    assert sign_in("acme", who="oat_0000000000000000", kind="token").text == of_acme.text
    assert rule(sign_in("acme", who="x", kind="anonymous")) == (False, "sign_in_denied")
    assert sign_in("acme", kind="robot").status_code == 400


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({}, "missing_key"),
        ([], "not_an_object"),
        ("acme", "not_an_object"),
        ({"allowedOrgs": None}, "not_a_list"),
        ({"allowedOrgs": []}, "empty_list"),
        ({"allowedOrgs": ["acme", "ACME"]}, "upper_case"),
        ({"allowedOrgs": ["acme", 7]}, "not_a_string"),
        ({"allowedOrgs": ["acme", "\u0430cme"]}, "foreign_character"),
        ({"allowedOrgs": ["acme", "no\x00name"]}, "not_a_name"),
        ({"allowedOrgs": ["acme"], "ALLOWEDORGS": ["acme"]}, "duplicate_key"),
        ({"allowedOrgs": ["acme"] * 1001}, "too_many"),
        ({"allowedOrgs": ["acme"], "padding": "x" * 70_000}, "too_large"),
    ],
)
def test_s3_what_is_wrong_lets_nobody_in(sign_in: SignIn, properties: Any, code: str) -> None:
    answer = sign_in(properties=properties)
    assert rule(answer) == (False, "invalid_allowed_orgs")
    (finding,) = answer.json()["context"]["findings"]
    assert (finding["code"], finding["severity"]) == (code, "error")
    assert finding["message"] in answer.json()["context"]["reason"]


def test_s3_without_properties_there_is_no_list(visitor: NewVisitor, demo: dict[str, str]) -> None:
    client = visitor(Authorization=f"Bearer {demo['ACME_REGISTRY_TOKEN']}")
    body = {
        "subject": {"type": "user", "id": "mel"},
        "action": {"name": "sign_in"},
        "resource": {"type": "machine", "id": "laptop-17"},
    }
    assert rule(client.post(PATH, json=body)) == (False, "invalid_allowed_orgs")
    pull = {**body, "action": {"name": "pull"}}
    refused = client.post(PATH, json=pull)
    assert refused.status_code == 400
    assert refused.json() == 'The resource.type must be "image", or "machine" for sign_in.'
    image = {**body, "resource": {"type": "image", "id": "alpine"}}
    assert rule(client.post(PATH, json=image)) == (False, "push_denied")


def test_s3_a_key_that_stands_there_twice_is_seen(
    visitor: NewVisitor, demo: dict[str, str]
) -> None:
    client = visitor(Authorization=f"Bearer {demo['ACME_REGISTRY_TOKEN']}")
    client.headers["Content-Type"] = "application/json"
    machine = (
        '"resource":{"type":"machine","id":"x",'
        '"properties":{"allowedOrgs":["globex"],"allowedOrgs":["acme"]}}'
    )
    top = '"subject":{"type":"user","id":"mel"},"action":{"name":"sign_in"}'
    one = client.post(PATH, content=f"{{{top},{machine}}}")
    assert codes(one) == ["duplicate_key"]
    several = client.post(
        "/access/v1/evaluations", content=f'{{{top},"evaluations":[{{{machine}}}]}}'
    )
    assert several.json() == {"evaluations": [one.json()]}


def test_s3_bytes_of_no_text_are_no_fault_of_ours(
    visitor: NewVisitor, demo: dict[str, str]
) -> None:
    client = visitor(Authorization=f"Bearer {demo['ACME_REGISTRY_TOKEN']}")
    client.headers["Content-Type"] = "application/json"
    machine = b'{"type":"machine","id":"x","properties":{"allowedOrgs":["acm\xe9"]}}'
    top = b'"subject":{"type":"user","id":"mel"},"action":{"name":"sign_in"}'
    one = b'{%b,"resource":%b}' % (top, machine)
    assert codes(client.post(PATH, content=one)) == ["not_utf8"]
    several = client.post("/access/v1/evaluations", content=b'{"evaluations":[%b]}' % one)
    (answer,) = several.json()["evaluations"]
    assert answer["context"]["rule"] == "invalid_allowed_orgs"


def test_several_at_once_mixed_with_pulls(visitor: NewVisitor, demo: dict[str, str]) -> None:
    client = visitor(Authorization=f"Bearer {demo['ACME_REGISTRY_TOKEN']}")
    machine = {"type": "machine", "id": "x", "properties": {"allowedOrgs": ["acme"]}}
    answers = client.post(
        "/access/v1/evaluations",
        json={
            "subject": {"type": "user", "id": "mel"},
            "action": {"name": "sign_in"},
            "resource": machine,
            "evaluations": [
                {},
                {"subject": {"type": "user", "id": "nina"}},
                {"action": {"name": "pull"}, "resource": {"type": "image", "id": "alpine"}},
                {"action": {"name": "pull"}},
                {"context": {"organization": "globex"}},
            ],
        },
    ).json()["evaluations"]
    assert [answer["decision"] for answer in answers] == [True, False, True, False, False]
    assert [answer["context"]["error"]["status"] for answer in answers[3:]] == [400, 403]


def test_p6_never_an_older_answer_than_has_been_seen(sign_in: SignIn, acme: Organization) -> None:
    version = policy_of(acme).version
    seen = {"organization": "acme", "min_policy_version": version + 1}
    assert sign_in("acme", who="nina", **seen).status_code == 503
    add_member(STAFF, acme, named_user("nina"))
    answer = sign_in("acme", who="nina", **seen)
    assert rule(answer) == (True, "sign_in_allowed")
    assert answer.json()["context"]["policy_version"] == version + 1


def test_an_owner_of_several_names_one(sign_in: SignIn, globex: Organization) -> None:
    add_member(STAFF, globex, named_user("olivia"), teams=["owners"])
    assert sign_in("acme", credential="OLIVIA_TOKEN").status_code == 400
    named = sign_in("globex", "acme", who="gus", credential="OLIVIA_TOKEN", organization="globex")
    assert rule(named) == (True, "sign_in_allowed")
    assert codes(named) == ["unknown_organization"]
