"""The same decision as most would write it: a REST framework view that asks the database.

Served by Hubadmin's own settings with another map, so that Django's part is the same.
"""

import os
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.orm_settings"
site = get_wsgi_application()

from django.urls import path  # noqa: E402  (needs the settings to be set up)
from django_scopes import scopes_disabled  # noqa: E402
from rest_framework.authentication import BaseAuthentication  # noqa: E402
from rest_framework.exceptions import AuthenticationFailed  # noqa: E402
from rest_framework.permissions import AllowAny  # noqa: E402
from rest_framework.request import Request  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402

from orgs.guards import Guard, declare  # noqa: E402
from orgs.models import Membership, Organization  # noqa: E402
from orgs.secrets import secret_digest  # noqa: E402
from permissions.models import (  # noqa: E402
    CatalogEntry,
    ImageAccessPolicy,
    Namespace,
    RegistryCredential,
)


class RegistryAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[None, Organization]:
        secret = request.headers.get("Authorization", "").removeprefix("Bearer ")
        credentials = RegistryCredential.objects.select_related("registry__organization")
        found = credentials.filter(digest=secret_digest(secret), revoked_at=None).first()
        if found is None or found.registry.organization is None:
            raise AuthenticationFailed
        return None, found.registry.organization


class Evaluation(APIView):
    authentication_classes = [RegistryAuthentication]
    permission_classes = [AllowAny]

    def post(self, request: Request) -> Response:
        asked: Any = request.data
        organization: Any = request.auth
        image = asked["resource"]["id"].removeprefix("docker.io/").partition(":")[0]
        with scopes_disabled():
            allowed, rule = self._decide(organization, asked["subject"]["id"], image)
        return Response({"decision": allowed, "context": {"rule": rule}})

    def _decide(self, organization: Organization, name: str, image: str) -> tuple[bool, str]:
        membership = Membership.objects.filter(
            organization=organization, user__username=name, user__is_active=True
        ).first()
        if membership is None:
            return False, "not_a_member"
        policy = ImageAccessPolicy.objects.get(organization=organization)
        if organization.plan != Organization.Plan.BUSINESS or not policy.enabled:
            return True, "not_enabled"
        if membership.teams.filter(is_owners=True).exists():
            return True, "owner"
        first = image.partition("/")[0]
        if Namespace.objects.filter(organization=organization, path=first).exists():
            return True, "organization_image"
        if first == "library":
            return policy.allow_official_images, "official"
        if CatalogEntry.objects.filter(path__in=[first, image]).exists():
            return policy.allow_verified_publishers, "verified_publisher"
        return False, "community_restricted"


urlpatterns = [path("evaluation", declare(Guard.TOKEN, Evaluation.as_view()))]
application = site
