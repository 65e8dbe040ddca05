"""The forms of Org Permissions and of the catalogue."""

from typing import Any

from django import forms

from permissions.core.reference import MAX_LENGTH
from permissions.models import CatalogEntry, ImageAccessPolicy
from permissions.operations import Settings

WORDS = {"on": True, "true": True, "off": False, "false": False}
WORD = {True: "on", False: "off"}


class SwitchInput(forms.CheckboxInput):
    """A checkbox drawn as a switch. Keeps the word that was sent, for the field to judge."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return str(data.get(name, "off"))


class Switch(forms.Field):
    """On or off; a switch that isn't sent is off, as browsers have it.

    Django's own field takes any text for true: too generous where true lets images in.
    """

    widget = SwitchInput(attrs={"role": "switch"}, check_test=lambda value: value in (True, "on"))

    def to_python(self, value: Any) -> bool:
        try:
            return WORDS[str(value).lower()]
        except KeyError:
            raise forms.ValidationError("A switch is either on or off.") from None


class PolicyForm(forms.Form):
    """What an owner wishes for, and the version of the settings they saw when they did."""

    enabled = Switch(label="Image Access Management")
    allow_official_images = Switch(label="Official images")
    allow_verified_publishers = Switch(label="Verified publisher images")
    # Left alone if it isn't sent, as by Docker Hub's clients.
    mode = forms.ChoiceField(
        choices=[("enforce", "Refuse"), ("monitor", "Only monitor")],
        required=False,
        widget=forms.RadioSelect,
    )
    seen_version = forms.IntegerField(
        required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput
    )

    @classmethod
    def showing(cls, policy: ImageAccessPolicy) -> "PolicyForm":
        """The form as it is drawn from a policy."""
        return cls(
            initial={
                "enabled": policy.enabled,
                "allow_official_images": policy.allow_official_images,
                "allow_verified_publishers": policy.allow_verified_publishers,
                "mode": policy.mode,
                "seen_version": policy.settings_version,
            }
        )

    def wished(self) -> Settings:
        """The settings that a valid form asks for."""
        return Settings(
            enabled=self.cleaned_data["enabled"],
            allow_official_images=self.cleaned_data["allow_official_images"],
            allow_verified_publishers=self.cleaned_data["allow_verified_publishers"],
            mode=self.cleaned_data["mode"] or None,
        )


class CanPullForm(forms.Form):
    """Who wants to pull what; who it is is asked of owners alone."""

    who = forms.CharField(
        label="User name",
        max_length=150,
        strip=False,
        widget=forms.TextInput(attrs={"list": "member-names", "autocomplete": "off"}),
    )
    image = forms.CharField(max_length=MAX_LENGTH, strip=False)

    def __init__(self, *args: Any, about_anybody: bool, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "can_pull_%s", **kwargs})
        if not about_anybody:
            del self.fields["who"]


class CatalogSearchForm(forms.Form):
    """What to look for in the catalogue; nothing looks for everything."""

    text = forms.CharField(label="Name", max_length=255, required=False)
    kind = forms.ChoiceField(
        choices=[("", "Official and verified"), *CatalogEntry.Kind.choices], required=False
    )

    def wished(self) -> dict[str, str]:
        """The arguments of `catalog_entries`."""
        return {"text": self.cleaned_data["text"], "kind": self.cleaned_data["kind"]}
