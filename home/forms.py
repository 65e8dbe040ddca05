"""What people fill in to find something."""

from collections.abc import Sequence
from typing import Any

from django import forms

from audit.models import REPOSITORY_LENGTH, SUBJECT_LENGTH
from audit.pull_queries import MOST, Wanted
from audit.queries import WantedChanges
from home.templatetags.pages import ACTIONS
from home.templatetags.pulls import CATEGORIES, RULES
from orgs.names import NAME_MAX_LENGTH

ANSWERS = {"": None, "allowed": True, "refused": False}
ANYTHING = [("", "Anything")]
# What narrows pulls more than most people need.
MORE = ("category", "rule", "registry", "since", "until")


class DateField(forms.DateField):
    """A day, picked where the browser has a calendar."""

    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    input_formats = ["%Y-%m-%d"]
    default_error_messages = {"invalid": "Give a day such as 2026-02-28."}


class ChangeFilterForm(forms.Form):
    """Which changes to show."""

    who = forms.CharField(label="By", max_length=150, required=False)
    action = forms.ChoiceField(label="What", required=False)
    since = DateField(label="From", required=False)
    until = DateField(label="To", required=False)
    text = forms.CharField(label="About", max_length=100, required=False)
    before = forms.IntegerField(
        min_value=1, max_value=MOST, required=False, widget=forms.HiddenInput
    )

    def __init__(self, data: Any, hidden: Sequence[str]) -> None:
        super().__init__(data)
        self._hidden = tuple(hidden)
        shown = [choice for choice in ACTIONS.items() if not choice[0].startswith(self._hidden)]
        actions = sorted((action, words[:1].upper() + words[1:]) for action, words in shown)
        self.fields["action"].choices = [*ANYTHING, *actions]  # type: ignore[attr-defined]

    def wanted(self) -> WantedChanges:
        """What to look for; the form must be valid."""
        return WantedChanges(
            actor=self.cleaned_data["who"],
            action=self.cleaned_data["action"],
            since=self.cleaned_data["since"],
            until=self.cleaned_data["until"],
            text=self.cleaned_data["text"],
            before=self.cleaned_data["before"],
            hidden=self._hidden,
        )


class PullFilterForm(forms.Form):
    """Which pulls to show."""

    answer = forms.ChoiceField(
        choices=[("", "All"), ("refused", "Refused"), ("allowed", "Allowed")], required=False
    )
    who = forms.CharField(label="User or token", max_length=SUBJECT_LENGTH, required=False)
    repository = forms.CharField(
        label="Repository begins with", max_length=REPOSITORY_LENGTH, required=False
    )
    category = forms.ChoiceField(
        label="Kind of image", choices=[*ANYTHING, *CATEGORIES.items()], required=False
    )
    rule = forms.ChoiceField(
        label="Because",
        choices=[
            *ANYTHING,
            *((rule, words[:1].upper() + words[1:]) for rule, words in RULES.items()),
        ],
        required=False,
    )
    registry = forms.CharField(label="Registry", max_length=NAME_MAX_LENGTH, required=False)
    since = DateField(label="From", required=False)
    until = DateField(label="To", required=False)
    before = forms.IntegerField(
        min_value=1, max_value=MOST, required=False, widget=forms.HiddenInput
    )

    def wanted(self) -> Wanted:
        """What to look for; the form must be valid."""
        return Wanted(
            allowed=ANSWERS[self.cleaned_data["answer"]],
            subject=self.cleaned_data["who"],
            repository=self.cleaned_data["repository"],
            rule=self.cleaned_data["rule"],
            category=self.cleaned_data["category"],
            registry=self.cleaned_data["registry"],
            since=self.cleaned_data["since"],
            until=self.cleaned_data["until"],
            before=self.cleaned_data["before"],
        )

    @property
    def asks_for_more(self) -> bool:
        """Whether one of the fields is filled in that are folded away otherwise."""
        return any(self.data.get(field) for field in MORE)
