"""What people type about themselves and their organizations."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from orgs.models import AccessToken, Organization
from orgs.names import NAME_VALIDATORS


class OrganizationForm(forms.Form):
    display_name = forms.CharField(
        max_length=100, help_text="What people read at the top of every page."
    )
    docker_organization = forms.CharField(
        label="Organization at Docker Hub",
        validators=NAME_VALIDATORS,
        strip=False,
        help_text="Docker Desktop compares this name with the organizations of whoever signs in. "
        "Enforce Sign-in writes it into every file and command.",
    )

    @classmethod
    def showing(cls, organization: Organization) -> "OrganizationForm":
        """The form as it is drawn from an organization."""
        return cls(
            initial={
                "display_name": organization.display_name,
                "docker_organization": organization.docker_organization,
            }
        )


class AccessTokenForm(forms.Form):
    EXPIRIES = [("30", "30 days"), ("90", "90 days"), ("365", "1 year"), ("", "Never")]

    label = forms.CharField(
        max_length=100, help_text="What uses it, so that you know later what revoking it stops."
    )
    scope = forms.ChoiceField(
        choices=AccessToken.Scope.choices,
        initial=AccessToken.Scope.READ,
        help_text="The least that does the job.",
    )
    expires = forms.ChoiceField(choices=EXPIRIES, initial="90", required=False, label="Expires in")

    def wished(self) -> dict[str, Any]:
        """The arguments of `create_personal_token`."""
        days = self.cleaned_data["expires"]
        return {
            "label": self.cleaned_data["label"],
            "scope": self.cleaned_data["scope"],
            "expires_at": timezone.now() + timedelta(days=int(days)) if days else None,
        }
