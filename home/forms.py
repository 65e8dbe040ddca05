"""What people fill in to find something."""

from django import forms

from audit.models import REPOSITORY_LENGTH, SUBJECT_LENGTH
from audit.pull_queries import Wanted

MOST = 2**63 - 1
ANSWERS = {"": None, "allowed": True, "refused": False}


class PullFilterForm(forms.Form):
    """Which pulls to show."""

    answer = forms.ChoiceField(
        choices=[("", "All"), ("refused", "Refused"), ("allowed", "Allowed")], required=False
    )
    who = forms.CharField(label="User or token", max_length=SUBJECT_LENGTH, required=False)
    repository = forms.CharField(
        label="Repository begins with", max_length=REPOSITORY_LENGTH, required=False
    )
    before = forms.IntegerField(
        min_value=1, max_value=MOST, required=False, widget=forms.HiddenInput
    )

    def wanted(self) -> Wanted:
        """What to look for; the form must be valid."""
        return Wanted(
            allowed=ANSWERS[self.cleaned_data["answer"]],
            subject=self.cleaned_data["who"],
            repository=self.cleaned_data["repository"],
            before=self.cleaned_data["before"],
        )
