"""How the OpenAPI document names our way of authenticating."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class PersonalTokenScheme(OpenApiAuthenticationExtension):
    """Describes `PersonalTokenAuthentication`; drf-spectacular finds it by itself once loaded."""

    target_class = "orgs.authentication.PersonalTokenAuthentication"
    name = "personalAccessToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A personal access token with repo:admin.",
        }
