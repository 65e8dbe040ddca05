"""Kubernetes AdmissionReview: pods and what holds a pod template, by their namespace (D16)."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from audit.models import PullLogEntry
from audit.pull_log import PullLog
from orgs.actor import Actor
from orgs.models import Organization
from permissions.cluster_operations import connect_cluster, connect_site_cluster
from permissions.operations import Settings, change_policy
from permissions.own_rule_operations import add_own_rule
from permissions.queries import policy_of, site_version
from tests.conftest import NewVisitor

STAFF = Actor.site_staff()
PATH = "/authz/kubernetes/admission"
UID = "705ab4f5-6393-11e8-b7cc-42010a800002"
KIND = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}
GOOD, BAD = "docker.io/library/alpine:3", "docker.io/randomdev/tool:1"
Review = Callable[..., httpx.Response]
Object = dict[str, Any]


@pytest.fixture
def acme_cluster(acme: Organization) -> str:
    """The credential of acme's own cluster; acme allows all but community images."""
    change_policy(STAFF, acme, Settings(True, True, True), None)
    return connect_cluster(STAFF, acme, "production")[1]


@pytest.fixture
def review(visitor: NewVisitor, acme_cluster: str) -> Review:
    client = visitor()

    def post(
        content: Any,
        kind: tuple[str, str] = ("", "Pod"),
        *,
        credential: str = acme_cluster,
        **more: Any,
    ) -> httpx.Response:
        asked = {
            "uid": UID,
            "kind": {"group": kind[0], "version": "v1", "kind": kind[1]},
            "name": "it",
            "namespace": "default",
            "operation": "CREATE",
            "userInfo": {"username": "system:serviceaccount:kube-system:job-controller"},
            "object": content,
            "oldObject": None,
            "dryRun": False,
            **more,
        }
        return client.post(
            PATH,
            json={**KIND, "request": asked},
            headers={"Authorization": f"Bearer {credential}"},
        )

    return post


def response(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert {key: body[key] for key in KIND} == KIND
    told: dict[str, Any] = body["response"]
    assert told["uid"] == UID
    return told


def allowed(answer: httpx.Response) -> bool:
    verdict: bool = response(answer)["allowed"]
    return verdict


def pod_spec(*images: str, **more: Any) -> Object:
    named = [{"name": f"c{n}", "image": image} for n, image in enumerate(images)]
    return {"containers": named, **more}


def pod(*images: str, **more: Any) -> Object:
    return {"apiVersion": "v1", "kind": "Pod", "spec": pod_spec(*images, **more)}


def templated(*images: str) -> Object:
    return {"spec": {"template": {"spec": pod_spec(*images)}}}


HOLDERS: dict[tuple[str, str], Callable[..., Object]] = {
    ("", "Pod"): pod,
    ("", "PodTemplate"): lambda *images: {"template": {"spec": pod_spec(*images)}},
    ("", "ReplicationController"): templated,
    ("apps", "DaemonSet"): templated,
    ("apps", "Deployment"): templated,
    ("apps", "ReplicaSet"): templated,
    ("apps", "StatefulSet"): templated,
    ("batch", "Job"): templated,
    ("batch", "CronJob"): lambda *images: {"spec": {"jobTemplate": templated(*images)}},
}


@pytest.mark.parametrize("kind", HOLDERS, ids=lambda kind: kind[1])
def test_everything_that_holds_a_pod_is_judged(review: Review, kind: tuple[str, str]) -> None:
    holding = HOLDERS[kind]
    assert allowed(review(holding(GOOD, "acme/app"), kind))
    assert not allowed(review(holding(GOOD, BAD), kind))
    assert not allowed(review(holding(), kind))


def test_a_denial_says_which_image_and_why(review: Review, acme: Organization) -> None:
    assert response(review(pod(GOOD, BAD))) == {
        "uid": UID,
        "allowed": False,
        "status": {
            "status": "Failure",
            "reason": "Forbidden",
            "code": 403,
            "message": f"Refused {BAD}: acme does not allow community images. Use an official or "
            "verified publisher image, or ask an owner of acme for an exception.",
        },
        "auditAnnotations": {
            "rule": "community_restricted",
            "image": BAD,
            "category": "community",
            "organization": "acme",
            "policy-version": str(policy_of(acme).version),
            "site-version": str(site_version()),
        },
    }


@pytest.mark.parametrize(
    "more",
    [
        {"initContainers": [{"name": "i", "image": BAD}]},
        {"ephemeralContainers": [{"name": "e", "image": BAD}]},
        {"volumes": [{"name": "v", "image": {"reference": BAD, "pullPolicy": "Always"}}]},
        {"initContainers": [{"name": "i"}]},
        {"volumes": [{"name": "v", "image": {}}]},
    ],
)
def test_every_image_of_a_pod_counts(review: Review, more: Object) -> None:
    assert not allowed(review(pod(GOOD, **more)))


def test_what_is_beside_the_images_does_not_count(review: Review) -> None:
    volumes = [{"name": "v", "emptyDir": {}}, {"name": "w", "image": {"reference": GOOD}}]
    more = {"initContainers": None, "ephemeralContainers": [], "volumes": volumes}
    assert allowed(review(pod(GOOD, **more)))


def test_a_debug_container_added_to_a_running_pod(review: Review) -> None:
    def update(image: str) -> httpx.Response:
        return review(
            pod(GOOD, ephemeralContainers=[{"name": "debug", "image": image}]),
            operation="UPDATE",
            subResource="ephemeralcontainers",
            oldObject=pod(GOOD),
        )

    assert allowed(update("acme/shell"))
    assert not allowed(update(BAD))


def test_an_update_is_judged_with_all_its_images(review: Review) -> None:
    def update(new: Object, old: Object | None) -> httpx.Response:
        return review(new, ("apps", "Deployment"), operation="UPDATE", oldObject=old)

    assert not allowed(update(templated(BAD), templated(GOOD)))
    assert not allowed(update(templated(BAD, "acme/new"), templated(BAD, "acme/app")))
    assert not allowed(update(templated(BAD, BAD), templated(BAD)))
    assert not allowed(update(templated(BAD), None))
    assert not allowed(update(templated(BAD), {"spec": "malformed"}))
    assert not allowed(update(templated(), templated()))
    assert allowed(update(templated(GOOD), templated(BAD)))


def test_an_update_that_leaves_the_images_is_let_through(review: Review) -> None:
    kept = {**pod(BAD), "metadata": {"finalizers": ["batch.kubernetes.io/job-tracking"]}}
    told = response(review(pod(BAD), operation="UPDATE", oldObject=kept))
    assert told == {"uid": UID, "allowed": True, "auditAnnotations": {"images": "unchanged"}}
    assert not allowed(review(pod(BAD), operation="CREATE", oldObject=kept))


@pytest.mark.parametrize("operation", ["DELETE", "CONNECT"])
def test_what_starts_nothing_is_let_through(review: Review, operation: str) -> None:
    assert response(review(None, operation=operation)) == {"uid": UID, "allowed": True}
    assert allowed(review(None, operation=operation, oldObject=pod(BAD)))


@pytest.mark.parametrize(
    ("content", "kind", "more", "sentence"),
    [
        ({}, ("apps", "Scale"), {}, "can't read the images"),
        (pod(GOOD), ("argoproj.io", "Rollout"), {}, "can't read the images"),
        (pod(GOOD), ("apps", "Pod"), {}, "can't read the images"),
        (None, ("", "Pod"), {}, "has no spec"),
        ({}, ("", "Pod"), {}, "has no spec"),
        ({"spec": {}}, ("apps", "Deployment"), {}, "has no spec.template.spec"),
        ({"spec": {"template": []}}, ("apps", "Deployment"), {}, "has no spec.template.spec"),
        ({"spec": []}, ("", "Pod"), {}, "is malformed"),
        ({"spec": {"containers": {}}}, ("", "Pod"), {}, "is malformed"),
        ({"spec": {"containers": [GOOD]}}, ("", "Pod"), {}, "is malformed"),
        ({"spec": {"containers": [{"image": 7}]}}, ("", "Pod"), {}, "is malformed"),
        ({"spec": {"containers": [{"image": None}]}}, ("", "Pod"), {}, "is malformed"),
        (pod(GOOD, volumes=[{"image": GOOD}]), ("", "Pod"), {}, "is malformed"),
        (pod(GOOD), ("", "Pod"), {"operation": "PROXY"}, "unknown here"),
        (pod(GOOD), ("", "Pod"), {"operation": None}, "malformed"),
        (pod(GOOD), ("", "Pod"), {"namespace": 7}, "malformed"),
        (pod(GOOD), ("", "Pod"), {"oldObject": 7}, "malformed"),
        ([], ("", "Pod"), {}, "malformed"),
    ],
)
def test_what_can_not_be_read_is_refused_in_a_sentence(
    review: Review, content: Any, kind: tuple[str, str], more: Object, sentence: str
) -> None:
    told = response(review(content, kind, **more))
    assert told["allowed"] is False
    assert told["status"]["code"] == 400
    assert sentence in told["status"]["message"]
    assert told["status"]["message"].endswith(".")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"[" * 100_000,
        {},
        KIND,
        {**KIND, "request": None},
        {**KIND, "request": {}},
        {**KIND, "request": {"uid": 7}},
        {**KIND, "apiVersion": "admission.k8s.io/v1beta1", "request": {"uid": UID}},
        {**KIND, "kind": "ImageReview", "request": {"uid": UID}},
    ],
)
def test_what_can_not_be_answered_gets_an_error(
    visitor: NewVisitor, acme_cluster: str, body: object
) -> None:
    client = visitor(Authorization=f"Bearer {acme_cluster}")
    content = {"content": body} if isinstance(body, bytes) else {"json": body}
    answer = client.post(PATH, **content)
    assert answer.status_code == 400
    assert answer.json()["reason"] == "BadRequest"


def test_who_asks(review: Review, demo: dict[str, str]) -> None:
    for credential in ("", "nonsense", demo["SITE_REGISTRY_TOKEN"], demo["OLIVIA_TOKEN"]):
        answer = review(pod(GOOD), credential=credential)
        assert answer.status_code == 401
        assert answer.json()["reason"] == "Unauthorized"
    _, shared = connect_site_cluster(STAFF, "shared")
    told = response(review(pod(GOOD), credential=shared))
    assert told["status"]["message"].startswith('The cluster\'s namespace "shared/default"')
    assert told["auditAnnotations"] == {"rule": "unknown_subject"}


def test_d11_what_is_only_monitored_is_allowed_with_a_warning(
    review: Review, acme: Organization
) -> None:
    change_policy(STAFF, acme, Settings(True, True, True, "monitor"), None)
    told = response(review(pod(GOOD, BAD)))
    assert told["allowed"] is True
    [warning] = told["warnings"]
    assert warning.startswith(f"{BAD}: The pull is allowed while acme only monitors its rules.")
    assert told["auditAnnotations"]["rule"] == "monitored"
    assert "warnings" not in response(review(pod(GOOD)))


def test_own_rules_for_everyone_count_for_clusters(review: Review, acme: Organization) -> None:
    add_own_rule(STAFF, acme, effect="exception", target="docker.io/randomdev/*")
    assert allowed(review(pod(BAD)))
    add_own_rule(STAFF, acme, effect="block", target="docker.io/library/alpine")
    assert response(review(pod(GOOD)))["auditAnnotations"]["rule"] == "blocked"


def test_each_image_has_a_line_in_the_pull_log(
    review: Review, acme: Organization, pull_log: PullLog
) -> None:
    review(pod(GOOD, BAD, GOOD))
    review(pod(GOOD), dryRun=True)
    assert pull_log.flush()
    lines = PullLogEntry.objects.filter(organization_id=acme.pk).order_by("pk")
    assert [
        (line.image, line.allowed, line.subject_kind, line.subject_id, line.protocol)
        for line in lines
    ] == [
        (GOOD, True, "cluster", "production/default", "admission"),
        (BAD, False, "cluster", "production/default", "admission"),
    ]
