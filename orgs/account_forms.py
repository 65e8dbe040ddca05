"""What people type about themselves."""

from django import forms

from orgs.models import User


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
