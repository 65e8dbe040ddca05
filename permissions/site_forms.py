"""What site staff type about namespaces."""

from typing import Any

from django import forms

from orgs.models import Organization
from orgs.queries import organization_named
from permissions.models import ConnectedRegistry
from permissions.namespace_forms import PATH_MAX_LENGTH
from permissions.namespace_operations import LONGEST_TEXT
from permissions.registry_queries import site_registries


class SearchForm(forms.Form):
    search = forms.CharField(
        label="Owner or part of the path", max_length=PATH_MAX_LENGTH, required=False
    )


class AssignForm(forms.Form):
    """A namespace that an organization shall have, on Docker Hub or a registry of the site."""

    organization = forms.CharField(label="Organization", max_length=150)
    on = forms.ChoiceField(label="On", required=False)
    namespace = forms.CharField(
        max_length=PATH_MAX_LENGTH,
        strip=False,
        help_text="<code>acme</code> for everything below <code>acme/</code>.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered = {one.service: one for one in site_registries() if not one.upstream}
        field = self.fields["on"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            ("", f"Docker Hub ({ConnectedRegistry.DOCKER_HUB})"),
            *((service, f"{service} ({one.host})") for service, one in self.offered.items()),
        ]

    def clean_organization(self) -> Organization:
        name: str = self.cleaned_data["organization"]
        organization = organization_named(name)
        if organization is None:
            raise forms.ValidationError(f"There is no organization {name}.")
        return organization

    def registry(self) -> ConnectedRegistry | None:
        """The registry that was chosen; None is Docker Hub."""
        return self.offered.get(self.cleaned_data["on"])


class AnswerForm(forms.Form):
    """What becomes of a request. The button that was pressed is the answer."""

    APPROVE, DECLINE = "approve", "decline"

    answer = forms.ChoiceField(choices=[(APPROVE, "Approve"), (DECLINE, "Decline")])
    reason = forms.CharField(
        label="Reason, if you decline",
        max_length=LONGEST_TEXT,
        required=False,
        help_text="The owners read it.",
    )

    def clean(self) -> None:
        declined = self.cleaned_data.get("answer") == self.DECLINE
        if declined and not self.cleaned_data.get("reason") and "reason" not in self.errors:
            self.add_error("reason", "Give a reason: the owners will read it.")
