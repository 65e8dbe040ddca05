"""The form of an organization's own rules."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from permissions.core.own_rules import (
    EVERYONE,
    MAX_REASON_LENGTH,
    MAX_TARGET_LENGTH,
    Audience,
    AudienceKind,
)
from permissions.own_rule_models import OwnRule


class OwnRuleForm(forms.Form):
    LIVES = [("7", "a week"), ("30", "30 days"), ("365", "a year"), ("", "until somebody ends it")]

    effect = forms.ChoiceField(
        label="What it does",
        choices=[("exception", "Allow (an exception)"), ("block", "Refuse (a block)")],
        help_text="A block counts more than any exception.",
    )
    target = forms.CharField(
        label="Images",
        max_length=MAX_TARGET_LENGTH,
        strip=False,
        help_text="A repository, <code>docker.io/grafana/loki</code>; all of a namespace, "
        "<code>docker.io/grafana/*</code>; or a category: <code>official</code>, "
        "<code>verified_publisher</code>, <code>community</code>.",
    )
    audience = forms.ChoiceField(
        label="For whom",
        choices=[("everyone", "Everyone"), ("team", "A team"), ("user", "One member")],
    )
    name = forms.CharField(
        label="Name of the team or the member",
        required=False,
        max_length=30,
        help_text="Empty for everyone.",
        widget=forms.TextInput(attrs={"list": "member-names", "autocomplete": "off"}),
    )
    life = forms.ChoiceField(label="For how long", choices=LIVES, required=False, initial="30")
    reason = forms.CharField(
        required=False,
        max_length=MAX_REASON_LENGTH,
        help_text="Members read it here, and where a block refuses them.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        kind, name = cleaned.get("audience"), cleaned.get("name")
        if kind == "everyone" and name:
            self.add_error("name", "A rule for everyone takes no name. Choose a team or a member.")
        if kind in ("team", "user") and not name and "name" not in self.errors:
            self.add_error("name", "Name the team or the member that the rule is for.")
        return cleaned

    def wished(self) -> dict[str, Any]:
        """The arguments of `add_own_rule`."""
        kind, life = AudienceKind(self.cleaned_data["audience"]), self.cleaned_data["life"]
        return {
            "effect": OwnRule.Effect(self.cleaned_data["effect"]),
            "target": self.cleaned_data["target"],
            "audience": EVERYONE
            if kind is AudienceKind.EVERYONE
            else Audience(kind, self.cleaned_data["name"]),
            "reason": self.cleaned_data["reason"],
            "ends_at": timezone.now() + timedelta(days=int(life)) if life else None,
        }
