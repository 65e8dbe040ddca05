"""Kubernetes ImageReview, `imagepolicy.k8s.io/v1alpha1`: `POST /authz/kubernetes/imagereview`.

What the API server's ImagePolicyWebhook asks about each pod: its namespace and its images, one
answer for all. It also passes on the pod's `*.image-policy.k8s.io/*` annotations, by which other
backends let anybody who may create a pod *break the glass*; they change nothing here.
"""

import msgspec

from orgs.guards import Guard
from registries import kubernetes_openapi
from registries.http import Answer, Request, Route, json_answer
from registries.kubernetes import (
    Question,
    Refused,
    Verdict,
    asking_cluster,
    failed,
    judge,
    require_kind,
)
from registries.pull_log import Protocol

API_VERSION = "imagepolicy.k8s.io/v1alpha1"
KIND = "ImageReview"


class Container(msgspec.Struct):
    image: str


class Spec(msgspec.Struct):
    containers: list[Container] | None = None
    namespace: str = ""


class ImageReview(msgspec.Struct):
    spec: Spec


_decoder = msgspec.json.Decoder(ImageReview)


def handle(request: Request) -> Answer:
    """Answer one review."""
    try:
        cluster = asking_cluster(request)
        require_kind(request.body, API_VERSION, KIND)
    except Refused as error:
        return failed(error.status, str(error))
    try:
        spec = _decoder.decode(request.body).spec
    except msgspec.DecodeError as error:
        return _answer(Verdict(False, f"The review is malformed: {error}."))
    images = [container.image for container in spec.containers or []]
    question = Question(Protocol.IMAGE_REVIEW, cluster)
    return _answer(judge(question, spec.namespace, images))


def _answer(verdict: Verdict) -> Answer:
    status: dict[str, object] = {"allowed": verdict.allowed}
    if verdict.reason:
        status["reason"] = verdict.reason
    if verdict.audit:
        status["auditAnnotations"] = dict(verdict.audit)
    return json_answer(200, {"apiVersion": API_VERSION, "kind": KIND, "status": status})


ROUTES = (
    Route(
        "/authz/kubernetes/imagereview",
        ("POST",),
        handle,
        failed,
        Guard.TOKEN,
        kubernetes_openapi.IMAGE_REVIEW,
    ),
)
