"""What owners type about the registries that they connect."""

from typing import Any

from django import forms

from orgs.names import NAME_VALIDATORS
from permissions.core.reference import HUB
from permissions.models import ConnectedRegistry

HOST_MAX_LENGTH = 261
IMAGE_MAX_LENGTH = 1000


def _service_name(others: str) -> forms.CharField:
    return forms.CharField(
        label="Service name",
        validators=NAME_VALIDATORS,
        strip=False,
        help_text="What the registry will call itself when it asks. It can't be changed, and no "
        f"{others} can ever have it.",
    )


class SettingsForm(forms.Form):
    """What a connected registry is, apart from its service name."""

    host = forms.CharField(
        label="Host",
        max_length=HOST_MAX_LENGTH,
        strip=False,
        help_text="What stands in front of its images' names: <code>registry.example.com</code>, "
        "with <code>:port</code> if it is not 443.",
    )
    mirrors_docker_hub = forms.BooleanField(
        label="It is a mirror of Docker Hub",
        required=False,
        help_text="Its images count as those of Docker Hub with the same name, official and "
        "verified publisher images too. A mirror takes no namespaces.",
    )
    members_only = forms.BooleanField(
        label="Only members may sign in to it",
        required=False,
        help_text="Nobody but members can pull from it in any case. This also refuses the "
        "<code>docker login</code> of people outside.",
    )

    @classmethod
    def showing(cls, registry: ConnectedRegistry) -> "SettingsForm":
        """The form as it is drawn from a registry."""
        return cls(
            initial={
                "host": registry.host,
                "mirrors_docker_hub": registry.upstream == HUB,
                "members_only": registry.members_only,
            }
        )

    def wished(self) -> dict[str, Any]:
        """The arguments of `change_registry`."""
        return {
            "host": self.cleaned_data["host"],
            "upstream": HUB if self.cleaned_data["mirrors_docker_hub"] else "",
            "members_only": self.cleaned_data["members_only"],
        }


class ConnectForm(SettingsForm):
    """A registry that is to be connected."""

    service = _service_name("other organization")
    field_order = ["service", "host"]

    def wished(self) -> dict[str, Any]:
        """The arguments of `connect_registry`."""
        return {**super().wished(), "service": self.cleaned_data["service"]}


class SiteSettingsForm(SettingsForm):
    """What a registry of the whole site is."""

    anonymous_pulls = forms.BooleanField(
        label="Pulls need no sign-in",
        required=False,
        help_text="Careful: whoever signs out is then under no organization's rules.",
    )
    rules_may_stop = forms.BooleanField(
        label="Rules that name this host may stop counting",
        required=False,
        help_text="As a mirror, its images are judged by Docker Hub's names. Owners who have "
        "blocks or exceptions for this host get an e-mail.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        members_only = self.fields["members_only"]
        members_only.label = "Only members of an organization may use it"
        members_only.help_text = (
            "Without it, whoever is in no organization signs in and pulls without restriction."
        )

    @classmethod
    def showing(cls, registry: ConnectedRegistry) -> "SiteSettingsForm":
        """The form as it is drawn from a registry."""
        shown = SettingsForm.showing(registry).initial
        return cls(initial={**shown, "anonymous_pulls": registry.anonymous_pulls})

    def wished(self) -> dict[str, Any]:
        """The arguments of `change_site_registry`."""
        own = ("anonymous_pulls", "rules_may_stop")
        return {**super().wished(), **{name: self.cleaned_data[name] for name in own}}


class ConnectSiteForm(SiteSettingsForm):
    """A registry of the whole site that is to be connected."""

    service = _service_name("organization")
    field_order = ["service", "host"]

    def wished(self) -> dict[str, Any]:
        """The arguments of `connect_site_registry`."""
        return {**super().wished(), "service": self.cleaned_data["service"]}


class DisconnectForm(forms.Form):
    """The service name, typed by hand: what goes can't be brought back."""

    confirmation = forms.CharField(label="Type its service name to confirm", strip=False)

    def __init__(self, *args: Any, service: str, **kwargs: Any) -> None:
        # Beside the settings' form on one page, so its ids are its own.
        super().__init__(*args, **{"auto_id": f"disconnect_{service}_%s", **kwargs})
        self.service = service

    def clean_confirmation(self) -> str:
        typed: str = self.cleaned_data["confirmation"]
        if typed != self.service:
            raise forms.ValidationError(f"Type {self.service}, exactly as it is written here.")
        return typed


class ConnectClusterForm(forms.Form):
    """A Kubernetes cluster that is to be connected."""

    name = forms.CharField(
        validators=NAME_VALIDATORS,
        strip=False,
        help_text="What you call it. No other cluster on this site has the same name.",
    )


class DisconnectClusterForm(DisconnectForm):
    """The cluster's name, typed by hand."""

    confirmation = forms.CharField(label="Type its name to confirm", strip=False)


class ClusterCredentialForm(forms.Form):
    """What becomes of a cluster's credentials. The button that was pressed is the wish."""

    ADD, REPLACE, END_OLD = "add", "replace", "end_old"

    wish = forms.ChoiceField(choices=[(ADD, ADD), (REPLACE, REPLACE), (END_OLD, END_OLD)])


class PullForm(forms.Form):
    """A pull to try: who, and which image of this registry."""

    member = forms.CharField(
        label="User name", max_length=150, strip=False, help_text="Owners may pull every image."
    )
    image = forms.CharField(max_length=IMAGE_MAX_LENGTH, strip=False)

    def __init__(self, *args: Any, host: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.host = host

    def clean_image(self) -> str:
        image: str = self.cleaned_data["image"]
        if not image.startswith(f"{self.host}/"):
            raise forms.ValidationError(f"The images of this registry begin with {self.host}/.")
        return image
