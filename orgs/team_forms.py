"""What owners type about teams."""

import re
from typing import Any

from django import forms

from orgs.models import Team
from orgs.names import NAME_VALIDATORS

MOST_AT_ONCE = 100


class TeamForm(forms.Form):
    name = forms.CharField(
        validators=NAME_VALIDATORS,
        strip=False,
        help_text="2 to 30 characters: lower-case letters a-z and digits, with single - or _ "
        "between them.",
    )
    description = forms.CharField(
        max_length=200, required=False, help_text="What the team is for. Every member reads it."
    )
    can_push = forms.BooleanField(
        label="Its members may push and delete in the organization's namespaces", required=False
    )

    @classmethod
    def showing(cls, team: Team) -> "TeamForm":
        """The form as it is drawn from a team."""
        fields = ("name", "description", "can_push")
        return cls(initial={field: getattr(team, field) for field in fields})


class JoinTeamForm(forms.Form):
    usernames = forms.CharField(
        label="User names",
        max_length=4_000,
        help_text="Of members, separated by spaces or commas.",
    )

    def clean_usernames(self) -> list[str]:
        names = names_in(self.cleaned_data["usernames"])
        if not names:
            raise forms.ValidationError("Give the user name of at least one member.")
        if len(names) > MOST_AT_ONCE:
            raise forms.ValidationError(f"Give at most {MOST_AT_ONCE} user names at once.")
        return names


class DeleteTeamForm(forms.Form):
    """Asks for a team's name, so that nobody deletes one by a slip."""

    name = forms.CharField(label="Type its name to confirm", strip=False)

    def __init__(self, data: Any = None, *, team: Team) -> None:
        super().__init__(data)
        self.team = team

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if name != self.team.name:
            raise forms.ValidationError(f"Type {self.team.name} exactly as it is written here.")
        return name


def names_in(text: str) -> list[str]:
    """The names in a text, each once, in order; names are lower-case, however they are typed."""
    found = (part.removeprefix("@").lower() for part in re.split(r"[\s,;]+", text))
    return list(dict.fromkeys(name for name in found if name))
