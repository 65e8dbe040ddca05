"""Kubernetes AdmissionReview, `admission.k8s.io/v1`: `POST /authz/kubernetes/admission`.

What a ValidatingWebhookConfiguration sends: a pod, or an object with a pod template, that is to
be created or changed.
"""

from typing import Any

import msgspec

from orgs.guards import Guard
from permissions.core.text import shown
from registries import kubernetes_openapi
from registries.http import Answer, Request, Route, json_answer
from registries.kubernetes import (
    Question,
    Refused,
    Unreadable,
    Verdict,
    asking_cluster,
    failed,
    judge,
    require_kind,
)
from registries.pod_images import images_of
from registries.pull_log import Protocol

API_VERSION = "admission.k8s.io/v1"
KIND = "AdmissionReview"
STARTING_NOTHING = ("DELETE", "CONNECT")


class GroupKind(msgspec.Struct):
    kind: str
    group: str = ""


class Asked(msgspec.Struct, rename="camel"):
    uid: str
    kind: GroupKind
    operation: str
    namespace: str = ""
    object: dict[str, Any] | None = None
    old_object: dict[str, Any] | None = None
    dry_run: bool | None = None

    def images(self) -> list[str]:
        """The images of the object as it is to be. Raises `Unreadable`."""
        return images_of(self.kind.group, self.kind.kind, self.object)

    def old_images(self) -> list[str]:
        """The images of the object as it is; none if it is new or can't be read."""
        try:
            return images_of(self.kind.group, self.kind.kind, self.old_object)
        except Unreadable:
            return []


class AdmissionReview(msgspec.Struct):
    request: Asked


class Identified(msgspec.Struct):
    uid: str


class IdentifiedReview(msgspec.Struct):
    """As much of a review as an answer to it needs."""

    request: Identified


_decoder = msgspec.json.Decoder(AdmissionReview)
_identifier = msgspec.json.Decoder(IdentifiedReview)


def handle(request: Request) -> Answer:
    """Answer one review."""
    try:
        cluster = asking_cluster(request)
        require_kind(request.body, API_VERSION, KIND)
        uid = _uid(request.body)
    except Refused as error:
        return failed(error.status, str(error))
    try:
        asked = _decoder.decode(request.body).request
        question = Question(Protocol.ADMISSION, cluster, bool(asked.dry_run))
        return _answer(uid, _verdict(question, asked))
    except msgspec.DecodeError as error:
        return _answer(uid, Verdict(False, f"The review is malformed: {error}.", code=400))
    except Unreadable as error:
        return _answer(uid, Verdict(False, str(error), code=400))


def _uid(body: bytes) -> str:
    try:
        return _identifier.decode(body).request.uid
    except msgspec.DecodeError as error:
        raise Refused(400, f"The review is malformed: {error}.") from error


def _verdict(question: Question, asked: Asked) -> Verdict:
    if asked.operation in STARTING_NOTHING:
        return Verdict(True)
    if asked.operation not in ("CREATE", "UPDATE"):
        raise Unreadable(f"The operation {shown(asked.operation)} is unknown here.")
    images = asked.images()
    if asked.operation == "UPDATE" and _brings_nothing(images, asked.old_images()):
        return Verdict(True, audit={"images": "unchanged"})
    return judge(question, asked.namespace, images)


def _brings_nothing(images: list[str], old_images: list[str]) -> bool:
    """Whether a change leaves the images as they are.

    Such a change is let through whatever the rules have become since: else a Job whose image has
    been restricted could not be finished (its finalizer is removed by an update of the pod), nor
    a Deployment be scaled down. What it starts is a pod, and judged when that is created.
    """
    return bool(images) and sorted(images) == sorted(old_images)


def _answer(uid: str, verdict: Verdict) -> Answer:
    response: dict[str, Any] = {"uid": uid, "allowed": verdict.allowed}
    if not verdict.allowed:
        response["status"] = {
            "status": "Failure",
            "reason": "Forbidden" if verdict.code == 403 else "BadRequest",
            "message": verdict.reason,
            "code": verdict.code,
        }
    if verdict.audit:
        response["auditAnnotations"] = dict(verdict.audit)
    if verdict.warnings:
        response["warnings"] = list(verdict.warnings)
    return json_answer(200, {"apiVersion": API_VERSION, "kind": KIND, "response": response})


ROUTES = (
    Route(
        "/authz/kubernetes/admission",
        ("POST",),
        handle,
        failed,
        Guard.TOKEN,
        kubernetes_openapi.ADMISSION,
    ),
)
