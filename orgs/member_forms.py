"""What people fill in to find members, and owners to change their teams."""

from collections.abc import Iterable
from typing import Any

from django import forms

from orgs.member_queries import Order, Role, WantedMembers
from orgs.models import Team

EVERYBODY_SEES = {Order.NAME: "Name", Order.JOINED: "Joined last"}
OWNERS_SEE = {Order.SEEN: "Seen last", Order.UNSEEN: "Not seen for longest"}


class MemberFilterForm(forms.Form):
    """Which members to show."""

    words = forms.CharField(label="Name", max_length=100, required=False)
    role = forms.ChoiceField(
        choices=[("", "All"), (Role.OWNER, "Owners"), (Role.MEMBER, "Other members")],
        required=False,
    )
    team = forms.ChoiceField(required=False)
    order = forms.ChoiceField(label="Order by", required=False)

    def __init__(self, data: Any, *, teams: Iterable[Team], for_owner: bool) -> None:
        super().__init__(data)
        self.for_owner = for_owner
        orders = EVERYBODY_SEES | (OWNERS_SEE if for_owner else {})
        self.fields["order"].choices = list(orders.items())  # type: ignore[attr-defined]
        names = [(team.name, team.name) for team in teams]
        self.fields["team"].choices = [("", "All"), *names]  # type: ignore[attr-defined]
        if for_owner:
            self.fields["words"].label = "Name or e-mail address"

    def wanted(self) -> WantedMembers:
        """What to look for: what was asked for in a way that can't be narrows nothing."""
        asked = getattr(self, "cleaned_data", {})
        return WantedMembers(
            words=asked.get("words", ""),
            role=Role(asked["role"]) if asked.get("role") else None,
            team=asked.get("team", ""),
            order=Order(asked["order"]) if asked.get("order") else Order.NAME,
            in_addresses=self.for_owner,
        )


class MemberTeamsForm(forms.Form):
    """The teams of one member: as they were shown, and as they are wished for.

    Only the difference is changed, so that nothing is undone that somebody else did meanwhile.
    """

    teams = forms.MultipleChoiceField(required=False)
    shown = forms.MultipleChoiceField(required=False)

    def __init__(self, data: Any = None, *, teams: Iterable[Team], chosen: Iterable[str]) -> None:
        super().__init__(data)
        self.chosen = set(chosen)
        names = [(team.name, team.name) for team in teams]
        for field in ("teams", "shown"):
            self.fields[field].choices = names  # type: ignore[attr-defined]

    def wished(self) -> dict[str, list[str]]:
        """The arguments of `change_teams`."""
        shown, wished = set(self.cleaned_data["shown"]), set(self.cleaned_data["teams"])
        return {"join": sorted(wished - shown), "leave": sorted(shown - wished)}
