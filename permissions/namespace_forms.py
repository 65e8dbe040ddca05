"""What owners type about their organization's namespaces."""

from typing import Any

from django import forms

from orgs.models import Organization
from permissions.models import ConnectedRegistry
from permissions.namespace_operations import LONGEST_TEXT
from permissions.registry_queries import registries_that_hold_images, site_registries

PATH_MAX_LENGTH = 255


class NamespaceForm(forms.Form):
    """A namespace that an owner wants: on their own registry at once, elsewhere on request."""

    on = forms.ChoiceField(
        label="On",
        required=False,
        help_text="On your organization's own registry it is yours at once. On Docker Hub and on "
        "registries of the whole site, site staff decide.",
    )
    namespace = forms.CharField(
        max_length=PATH_MAX_LENGTH,
        strip=False,
        help_text="<code>acme</code> for everything below <code>acme/</code>.",
    )
    note = forms.CharField(
        label="For site staff",
        max_length=LONGEST_TEXT,
        required=False,
        help_text="Why it is yours. Not needed on your own registry.",
    )

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [
            *registries_that_hold_images(organization),
            *(registry for registry in site_registries() if not registry.upstream),
        ]
        self.offered = {registry.service: registry for registry in offered}
        field = self.fields["on"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            ("", "Docker Hub: site staff decide"),
            *((service, _described(registry)) for service, registry in self.offered.items()),
        ]

    def registry(self) -> ConnectedRegistry | None:
        """The registry that was chosen; None is Docker Hub."""
        return self.offered.get(self.cleaned_data["on"])


class ReleaseForm(forms.Form):
    """The namespace, typed by hand: what goes may be given to somebody else."""

    confirmation = forms.CharField(label="Type its name to confirm", strip=False)

    def __init__(self, *args: Any, name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.name = name

    def clean_confirmation(self) -> str:
        typed: str = self.cleaned_data["confirmation"]
        if typed != self.name:
            raise forms.ValidationError(f"Type {self.name}, exactly as it is written here.")
        return typed


def _described(registry: ConnectedRegistry) -> str:
    who = "yours at once" if registry.organization_id else "site staff decide"
    return f"{registry.service}: {who} ({registry.host})"
