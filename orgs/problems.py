"""Errors of the REST API as RFC 9457 problem details."""

from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from orgs.actor import Invalid

MEDIA_TYPE = "application/problem+json"


class PreconditionFailed(exceptions.APIException):
    """What the caller saw is not what is there any more (RFC 9110, `If-Match`)."""

    status_code = 412
    default_code = "precondition_failed"


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """The answer for an exception in an API view, or None for a bug.

    `message` repeats `detail`, because Docker Hub's clients read it.
    """
    error = _api_exception(error)
    if not isinstance(error, exceptions.APIException):
        return None
    set_rollback()
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(error.status_code).phrase,
        "status": error.status_code,
        "code": error.default_code,
    }
    if isinstance(error, exceptions.ValidationError):
        fields = _by_path(error.detail)
        body["fields"] = fields
        body["detail"] = " ".join(f"{path}: {text}" for path, text in fields.items())
    else:
        body["detail"] = str(error.detail)
    body["message"] = body["detail"]
    return Response(
        body, status=error.status_code, headers=_headers(error), content_type=MEDIA_TYPE
    )


def _api_exception(error: Exception) -> Exception:
    match error:
        case Http404():
            return exceptions.NotFound(str(error) or None)
        case DjangoPermissionDenied():
            return exceptions.PermissionDenied(str(error) or None)
        case Invalid():
            return exceptions.ParseError(str(error))
        case _:
            return error


def _headers(error: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if auth_header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = auth_header
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait))
    return headers


def _by_path(detail: Any, path: str = "") -> dict[str, str]:
    """`{"restricted_images.enabled": "This field is required."}` from nested details."""
    if isinstance(detail, dict):
        found: dict[str, str] = {}
        for key, value in detail.items():
            inner = path if key == "non_field_errors" else f"{path}.{key}".strip(".")
            found |= _by_path(value, inner)
        return found
    texts = detail if isinstance(detail, list) else [detail]
    return {path or "body": " ".join(str(text) for text in texts)}
