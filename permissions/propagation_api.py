"""`GET /api/v1/orgs/{org}/propagation`: whether a change is in force on every worker."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from orgs.authentication import MemberOfOrganization, organization_in_path
from orgs.guards import Guard, declare
from permissions.propagation import propagation_of


class WorkerBody(serializers.Serializer[Any]):
    host = serializers.CharField()
    pid = serializers.IntegerField()
    policy_version = serializers.IntegerField(
        allow_null=True, help_text="The version it decides from; null if that is not known."
    )
    in_force = serializers.BooleanField(help_text="Whether that is the saved version.")
    seen_at = serializers.DateTimeField(help_text="When it last reported.")


class PropagationBody(serializers.Serializer[Any]):
    policy_version = serializers.IntegerField(help_text="The version that is saved.")
    in_force_everywhere = serializers.BooleanField()
    workers_in_force = serializers.IntegerField(help_text="How many workers decide from it.")
    workers = WorkerBody(many=True)


class PropagationOfRules(APIView):
    """Where an organization's newest rules are in force."""

    permission_classes = [MemberOfOrganization]

    @extend_schema(
        operation_id="organization_propagation",
        tags=["settings"],
        summary="On which workers the newest rules are in force (owners)",
        responses={
            200: PropagationBody,
            401: OpenApiResponse(description="No access token, or a bad one."),
            403: OpenApiResponse(description="Not an owner."),
            404: OpenApiResponse(description="No such organization for you."),
        },
    )
    def get(self, request: Request, org: str) -> Response:
        organization = organization_in_path(request, org)
        if not organization.viewer_is_owner:
            raise PermissionDenied(
                f"Only owners of {organization.name} see which machines decide for it."
            )
        return Response(PropagationBody(propagation_of(organization)).data)


organization_propagation = declare(Guard.TOKEN, PropagationOfRules.as_view())
