"""What people type about themselves."""

from django import forms

from audit.pull_queries import MOST
from orgs.models import User


class LogPageForm(forms.Form):
    """Where a page of a log begins."""

    before = forms.IntegerField(min_value=1, max_value=MOST, required=False)


class ProfileForm(forms.Form):
    full_name = forms.CharField(
        max_length=150,
        required=False,
        help_text="As you would sign a letter. Without one, others read your user name.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )

    @classmethod
    def showing(cls, user: User) -> "ProfileForm":
        """The form as it is drawn for a person."""
        return cls(initial={"full_name": user.get_full_name()})
