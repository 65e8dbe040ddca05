"""Organization settings as Docker Hub's API has them: `GET` and `PUT /v2/orgs/{org}/settings`."""

from typing import Any

from django.utils.http import parse_etags
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from orgs.actor import Actor
from orgs.authentication import MemberOfOrganization, organization_in_path
from orgs.guards import Guard, declare
from orgs.problems import PreconditionFailed
from permissions.models import ImageAccessPolicy
from permissions.operations import Settings, SettingsChanged, change_policy
from permissions.plan import PlanRequired
from permissions.queries import policy_of


class StrictBooleanField(serializers.BooleanField):
    """JSON's true and false alone: "no" and 1 are mistakes, not answers."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class RestrictedImages(serializers.Serializer[ImageAccessPolicy]):
    enabled = StrictBooleanField()
    allow_official_images = StrictBooleanField()
    allow_verified_publishers = StrictBooleanField()


class OrganizationSettingsBody(serializers.Serializer[Any]):
    restricted_images = RestrictedImages()


class PlanRequiredProblem(PermissionDenied):
    default_code = "plan_required"


class OrganizationSettings(APIView):
    """The image access settings of one organization."""

    permission_classes = [MemberOfOrganization]

    @extend_schema(
        operation_id="organization_settings_read",
        tags=["settings"],
        summary="Read the image access settings (members)",
        responses={200: OrganizationSettingsBody},
    )
    def get(self, request: Request, org: str) -> Response:
        return _answer(policy_of(organization_in_path(request, org)))

    @extend_schema(
        operation_id="organization_settings_write",
        tags=["settings"],
        summary="Set the image access settings (owners)",
        request=OrganizationSettingsBody,
        parameters=[
            OpenApiParameter(
                "If-Match",
                str,
                OpenApiParameter.HEADER,
                description="ETags you have seen; 412 if the settings are none of theirs any more.",
            )
        ],
        responses={
            200: OrganizationSettingsBody,
            400: OpenApiResponse(description="A field is missing or no boolean."),
            401: OpenApiResponse(description="No access token, or a bad one."),
            403: OpenApiResponse(description="Not an owner, or the plan lacks the feature."),
            404: OpenApiResponse(description="No such organization for you."),
            412: OpenApiResponse(description="The settings have changed since you read them."),
        },
    )
    def put(self, request: Request, org: str) -> Response:
        organization = organization_in_path(request, org)
        body = OrganizationSettingsBody(data=request.data)
        body.is_valid(raise_exception=True)
        wished = Settings(**body.validated_data["restricted_images"])
        try:
            policy = change_policy(
                Actor.of_request(request),
                organization,
                wished,
                _seen_version(request, policy_of(organization)),
            )
        except SettingsChanged as conflict:
            raise PreconditionFailed(str(conflict)) from conflict
        except PlanRequired as error:
            raise PlanRequiredProblem(str(error)) from error
        return _answer(policy)


organization_settings = declare(Guard.TOKEN, OrganizationSettings.as_view())


def _answer(policy: ImageAccessPolicy) -> Response:
    body = OrganizationSettingsBody({"restricted_images": policy})
    return Response(body.data, headers={"ETag": _etag(policy)})


def _etag(policy: ImageAccessPolicy) -> str:
    return f'"{policy.settings_version}"'


def _seen_version(request: Request, current: ImageAccessPolicy) -> int | None:
    """The current version if `If-Match` lists it among others, 0, which never was, if not.

    None without a condition. The operation compares again, with the row locked.
    """
    seen = parse_etags(request.headers.get("If-Match", "*"))
    if seen == ["*"]:
        return None
    return current.settings_version if _etag(current) in seen else 0
