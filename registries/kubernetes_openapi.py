"""How the OpenAPI page shows what Kubernetes API servers ask."""

from typing import Any

_STRING: dict[str, Any] = {"type": "string"}
_ANNOTATIONS = {
    "type": "object",
    "description": "For the cluster's audit log: rule, image, policy-version and the like.",
    "additionalProperties": _STRING,
}


def _object(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


def _of_kind(api_version: str, kind: str, **more: dict[str, Any]) -> dict[str, Any]:
    meta: dict[str, Any] = {"apiVersion": {"const": api_version}, "kind": {"const": kind}}
    return _object({**meta, **more}, "apiVersion", "kind", *more)


def _json(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


_STATUS = _object(
    {"message": _STRING, "reason": _STRING, "code": {"type": "integer"}}, "message", "code"
)


def _asked(
    name: str, summary: str, question: dict[str, Any], answer: dict[str, Any]
) -> dict[str, Any]:
    return {
        "post": {
            "operationId": f"kubernetes_{name}",
            "tags": ["decisions"],
            "summary": summary,
            "security": [{"clusterCredential": []}],
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": question}},
            },
            "responses": {
                "200": _json("The verdict; a denial is an answer.", answer),
                "400": _json("Not an object of this kind.", _STATUS),
                "401": _json("No credential of a connected cluster.", _STATUS),
                "413": _json("Too large.", _STATUS),
                "503": _json("It can't be known at the moment.", _STATUS),
            },
        }
    }


_IMAGE_REVIEW = ("imagepolicy.k8s.io/v1alpha1", "ImageReview")
_ADMISSION_REVIEW = ("admission.k8s.io/v1", "AdmissionReview")

IMAGE_REVIEW = _asked(
    "image_review",
    "May a pod's images be pulled (ImageReview)?",
    _of_kind(
        *_IMAGE_REVIEW,
        spec=_object(
            {
                "namespace": _STRING,
                "containers": {"type": "array", "items": _object({"image": _STRING}, "image")},
                "annotations": {"type": "object", "description": "Not looked at."},
            },
            "namespace",
            "containers",
        ),
    ),
    _of_kind(
        *_IMAGE_REVIEW,
        status=_object(
            {
                "allowed": {"type": "boolean"},
                "reason": _STRING,
                "auditAnnotations": _ANNOTATIONS,
            },
            "allowed",
        ),
    ),
)

ADMISSION = _asked(
    "admission",
    "May a pod, or what holds a pod template, be created or changed (AdmissionReview)?",
    _of_kind(
        *_ADMISSION_REVIEW,
        request=_object(
            {
                "uid": _STRING,
                "kind": _object({"group": _STRING, "version": _STRING, "kind": _STRING}, "kind"),
                "operation": {"type": "string", "examples": ["CREATE", "UPDATE", "DELETE"]},
                "namespace": _STRING,
                "object": {"type": ["object", "null"]},
                "oldObject": {"type": ["object", "null"]},
            },
            "uid",
            "kind",
            "operation",
        ),
    ),
    _of_kind(
        *_ADMISSION_REVIEW,
        response=_object(
            {
                "uid": _STRING,
                "allowed": {"type": "boolean"},
                "status": _STATUS,
                "auditAnnotations": _ANNOTATIONS,
                "warnings": {"type": "array", "items": _STRING},
            },
            "uid",
            "allowed",
        ),
    ),
)
