"""What people type about themselves and their organizations."""

from datetime import timedelta
from typing import Any

from django import forms
from django.core.validators import DomainNameValidator
from django.utils import timezone

from orgs.actor import Invalid
from orgs.models import NAME_TAKEN, AccessToken, Organization
from orgs.names import NAME_RULE, NAME_VALIDATORS
from orgs.queries import name_is_taken
from orgs.token_limits import read_limits


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
    email_domain = forms.CharField(
        label="E-mail domain",
        max_length=253,
        required=False,
        help_text="Where your people have their e-mail, such as <code>example.com</code>. Whoever "
        "invites an address outside it is warned. Nobody gets in by their address alone.",
    )

    @classmethod
    def showing(cls, organization: Organization) -> "OrganizationForm":
        """The form as it is drawn from an organization."""
        return cls(
            initial={
                "display_name": organization.display_name,
                "docker_organization": organization.docker_organization,
                "email_domain": organization.email_domain,
            }
        )

    def clean_email_domain(self) -> str:
        domain: str = self.cleaned_data["email_domain"].removeprefix("@").lower()
        if domain:
            DomainNameValidator()(domain)
        return domain


class SecondFactorForm(forms.Form):
    """What two-factor authentication is to be from now on; nothing said is not taken for a no."""

    required = forms.ChoiceField(choices=[("yes", "Required"), ("no", "Optional")])

    def wished(self) -> bool:
        """Whether it is to be required. Raises `Invalid`."""
        if not self.is_valid():
            raise Invalid("Say whether two-factor authentication is to be required: yes or no.")
        return bool(self.cleaned_data["required"] == "yes")


class NewOrganizationForm(forms.Form):
    name = forms.CharField(
        validators=NAME_VALIDATORS,
        strip=False,
        help_text=f"{NAME_RULE} It can't be changed later, and nobody else can ever have it.",
    )
    display_name = forms.CharField(
        max_length=100, required=False, help_text="What people read. Empty: the name."
    )

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if name_is_taken(name):
            raise forms.ValidationError(NAME_TAKEN)
        return name


class ConfirmNameForm(forms.Form):
    """A name typed once more, before what can't be undone."""

    name = forms.CharField(strip=True, widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, data: Any, organization: Organization) -> None:
        super().__init__(data)
        self._expected = organization.name
        self.fields["name"].label = f"Type {organization.name} to confirm"

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if name != self._expected:
            raise forms.ValidationError(f"This is not the name. Type {self._expected}.")
        return name


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


class OrganizationTokenForm(AccessTokenForm):
    repositories = forms.CharField(
        label="Only these repositories",
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text="One on each line: <code>docker.io/acme/app</code>, or all of a namespace, "
        "<code>docker.io/acme/*</code>. Empty: whatever the scope allows.",
    )

    def clean_repositories(self) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data["repositories"].splitlines()]
        try:
            return read_limits([line for line in lines if line])
        except Invalid as error:
            raise forms.ValidationError(str(error)) from error

    def wished(self) -> dict[str, Any]:
        """The arguments of `create_organization_token`."""
        return {**super().wished(), "repositories": self.cleaned_data["repositories"]}
