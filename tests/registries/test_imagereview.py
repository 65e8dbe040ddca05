"""Kubernetes ImageReview: one answer for all images of a pod, by its namespace (D16)."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from audit.models import PullLogEntry
from audit.pull_log import PullLog
from orgs.actor import Actor
from orgs.models import Organization
from orgs.secrets import SecretKind, new_secret
from permissions.cluster_operations import (
    connect_cluster,
    connect_site_cluster,
    issue_cluster_credential,
    map_namespace,
    unmap_namespace,
)
from permissions.operations import Settings, change_policy
from permissions.queries import policy_of, site_version
from tests.conftest import NewVisitor

STAFF = Actor.site_staff()
PATH = "/authz/kubernetes/imagereview"
KIND = {"apiVersion": "imagepolicy.k8s.io/v1alpha1", "kind": "ImageReview"}
Review = Callable[..., httpx.Response]


@pytest.fixture
def acme_cluster(acme: Organization) -> str:
    """The credential of acme's own cluster; acme allows all but community images."""
    change_policy(STAFF, acme, Settings(True, True, True), None)
    return connect_cluster(STAFF, acme, "production")[1]


@pytest.fixture
def review(visitor: NewVisitor, acme_cluster: str) -> Review:
    client = visitor()

    def post(
        *images: str, namespace: str = "default", credential: str = acme_cluster, **spec: Any
    ) -> httpx.Response:
        body = {
            **KIND,
            "metadata": {"creationTimestamp": None},
            "spec": {
                "containers": [{"image": image} for image in images],
                "namespace": namespace,
                **spec,
            },
            "status": {"allowed": False},
        }
        return client.post(PATH, json=body, headers={"Authorization": f"Bearer {credential}"})

    return post


def status(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert {key: body[key] for key in KIND} == KIND
    found: dict[str, Any] = body["status"]
    return found


def allowed(answer: httpx.Response) -> bool:
    verdict: bool = status(answer)["allowed"]
    return verdict


def test_a_pod_of_allowed_images(review: Review, acme: Organization) -> None:
    assert status(review("alpine:3", "bitnami/redis", "acme/app")) == {
        "allowed": True,
        "auditAnnotations": {
            "rule": "official_allowed",
            "image": "docker.io/library/alpine:3",
            "category": "official",
            "organization": "acme",
            "policy-version": str(policy_of(acme).version),
            "site-version": str(site_version()),
        },
    }


def test_every_refused_image_is_named_with_the_reason(review: Review) -> None:
    told = status(review("alpine", "randomdev/tool:1", "globex/app", "Not A Reference"))
    assert told["allowed"] is False
    assert told["reason"] == (
        "Refused randomdev/tool:1, globex/app: acme does not allow community images. Use an "
        "official or verified publisher image, or ask an owner of acme for an exception. "
        'Refused "Not A Reference": The path component "Not A Reference" is not valid: lower-case '
        "letters and digits are allowed, with one dot, one or two underscores, or hyphens between "
        "them."
    )
    assert told["auditAnnotations"]["rule"] == "community_restricted"
    assert told["auditAnnotations"]["image"] == "docker.io/randomdev/tool:1"


@pytest.mark.parametrize("place", range(3))
def test_one_refused_image_refuses_the_pod_wherever_it_stands(review: Review, place: int) -> None:
    images = ["alpine", "acme/app"]
    images.insert(place, "randomdev/tool")
    assert not allowed(review(*images))


def test_each_image_has_a_line_in_the_pull_log(review: Review, pull_log: PullLog) -> None:
    review("alpine", "randomdev/tool")
    assert pull_log.flush()
    assert sorted(PullLogEntry.objects.values_list("protocol", "repository", "allowed")) == [
        ("image_review", "docker.io/library/alpine", True),
        ("image_review", "docker.io/randomdev/tool", False),
    ]


def test_a_pod_without_images_is_refused(review: Review) -> None:
    assert "names no image" in status(review())["reason"]
    assert "names no image" in status(review(containers=None))["reason"]
    assert not allowed(review(""))


def test_breaking_the_glass_changes_nothing(review: Review) -> None:
    annotations = {
        "x.image-policy.k8s.io/ticket-1234": "break-glass",
        "hubadmin.image-policy.k8s.io/break-glass": "true",
    }
    assert not allowed(review("randomdev/tool", annotations=annotations))


def test_many_images_are_judged_and_too_many_refused(review: Review) -> None:
    assert allowed(review(*["alpine"] * 500))
    assert allowed(review(*(f"acme/app{number}" for number in range(100))))
    refused = status(review(*(f"acme/app{number}" for number in range(101))))
    assert "at most 100" in refused["reason"]


def test_a_namespace_of_a_shared_cluster_is_judged_by_who_answers_for_it(
    review: Review, acme: Organization, globex: Organization
) -> None:
    cluster, shared = connect_site_cluster(STAFF, "shared")
    change_policy(STAFF, globex, Settings(True, False, False), None)
    map_namespace(STAFF, acme, cluster, "team-a")
    map_namespace(STAFF, globex, cluster, "team-b")
    assert allowed(review("alpine", namespace="team-a", credential=shared))
    assert not allowed(review("alpine", namespace="team-b", credential=shared))
    assert allowed(review("globex/app", namespace="team-b", credential=shared))
    assert not allowed(review("globex/app", namespace="team-a", credential=shared))
    for unmapped in ("team-c", "team-a-2", "*", "", "TEAM-A", "team-a\x00"):
        assert status(review("alpine", namespace=unmapped, credential=shared)) == {
            "allowed": False,
            "reason": f'The cluster\'s namespace "shared/{unmapped}" is mapped to no organization. '
            "Ask the administrators of this site to map it.".replace("\x00", "\\x00"),
            "auditAnnotations": {"rule": "unknown_subject"},
        }
    unmap_namespace(STAFF, acme, cluster, "team-a")
    assert not allowed(review("alpine", namespace="team-a", credential=shared))


def test_a_platform_organization_answers_for_the_rest(review: Review, globex: Organization) -> None:
    cluster, shared = connect_site_cluster(STAFF, "shared")
    map_namespace(STAFF, globex, cluster, "*")
    told = status(review("registry.k8s.io/pause:3", namespace="kube-system", credential=shared))
    assert told["allowed"]
    assert told["auditAnnotations"]["rule"] == "not_enabled"


def test_only_a_clusters_credential_asks(
    review: Review, acme_cluster: str, demo: dict[str, str]
) -> None:
    strangers = [
        "",
        "nonsense",
        new_secret(SecretKind.CLUSTER),
        demo["ACME_REGISTRY_TOKEN"],
        demo["OLIVIA_TOKEN"],
    ]
    for credential in strangers:
        answer = review("alpine", credential=credential)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["kind"] == "Status"
        assert "credential of a connected cluster" in answer.json()["message"]


def test_a_credential_that_ended_asks_no_more(review: Review, acme: Organization) -> None:
    cluster, first = connect_cluster(STAFF, acme, "staging")
    second = issue_cluster_credential(STAFF, cluster)
    assert review("alpine", credential=first).status_code == 401
    assert allowed(review("alpine", credential=second))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff",
        b"[" * 100_000,
        {},
        {"kind": "ImageReview"},
        {**KIND, "apiVersion": "imagepolicy.k8s.io/v1"},
        {**KIND, "kind": "AdmissionReview"},
        {**KIND, "kind": 7},
    ],
)
def test_what_is_no_image_review_gets_an_error(
    visitor: NewVisitor, acme_cluster: str, body: object
) -> None:
    client = visitor(Authorization=f"Bearer {acme_cluster}")
    content = {"content": body} if isinstance(body, bytes) else {"json": body}
    answer = client.post(PATH, **content)
    assert answer.status_code == 400
    assert answer.json()["code"] == 400
    assert answer.json()["message"].endswith(".")


@pytest.mark.parametrize(
    "rest",
    [
        {},
        {"spec": None},
        {"spec": []},
        {"spec": {"containers": {}}},
        {"spec": {"containers": [None], "namespace": "default"}},
        {"spec": {"containers": [{}], "namespace": "default"}},
        {"spec": {"containers": [{"image": None}], "namespace": "default"}},
        {"spec": {"containers": [{"image": ["alpine"]}], "namespace": "default"}},
        {"spec": {"containers": [{"image": "alpine"}], "namespace": None}},
        {"spec": {"containers": [{"image": "alpine"}, {"image": 7}], "namespace": "default"}},
    ],
)
def test_a_malformed_image_review_is_refused_in_its_own_form(
    visitor: NewVisitor, acme_cluster: str, rest: dict[str, Any]
) -> None:
    client = visitor(Authorization=f"Bearer {acme_cluster}")
    told = status(client.post(PATH, json={**KIND, **rest}))
    assert told["allowed"] is False
    assert "malformed" in told["reason"]


def test_without_a_namespace_there_is_nobody_to_judge(
    visitor: NewVisitor, acme_cluster: str
) -> None:
    client = visitor(Authorization=f"Bearer {acme_cluster}")
    told = status(client.post(PATH, json={**KIND, "spec": {"containers": [{"image": "alpine"}]}}))
    assert told["allowed"] is False
    assert "mapped to no organization" in told["reason"]


def test_what_can_not_be_known_is_an_error(review: Review, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    def away(*_: object) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr("permissions.queries.rules_to_know", away)
    answer = review("alpine")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["reason"] == "ServiceUnavailable"
