"""Who calls the REST API, and which organization they may touch."""

from typing import TYPE_CHECKING, Any

from django.http import Http404
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from orgs.models import AccessToken, Organization, PersonalAccessToken, User
from orgs.queries import organization_seen_by, personal_token

if TYPE_CHECKING:
    # REST framework loads this module while it loads its views.
    from rest_framework.views import APIView


class PersonalTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer` with a personal access token of scope `repo:admin` (D16)."""

    def authenticate(self, request: Request) -> tuple[User, PersonalAccessToken] | None:
        scheme, _, secret = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        token = personal_token(secret.strip().decode("latin-1"), timezone.now())
        if token is None:
            raise AuthenticationFailed(
                "This access token is unknown, expired or revoked. Make a new one in your "
                "account settings."
            )
        if token.scope != AccessToken.Scope.ADMIN:
            raise PermissionDenied(
                f"This access token has scope {token.scope}; the API needs repo:admin."
            )
        if token.repositories:
            raise PermissionDenied(
                "This access token is limited to repositories; the API needs one without limits."
            )
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Hubadmin"'


class Nobody(BasePermission):
    """The default: a view that states no permission answers nobody."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return False


class MemberOfOrganization(BasePermission):
    """Members of the organization in the path. It doesn't exist for others (404)."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return isinstance(request.user, User)


def organization_in_path(request: Request, name: str) -> Organization:
    """The organization of that name, or 404 if the caller isn't a member."""
    user: Any = request.user
    organization = organization_seen_by(user, name)
    if organization is None:
        raise Http404(f"There is no organization {name} that you are a member of.")
    return organization
