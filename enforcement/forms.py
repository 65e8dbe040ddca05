"""The form of a machine's file to check."""

from typing import Any

from django import forms

from enforcement.allowed_orgs import MOST_BYTES


class CheckForm(forms.Form):
    """A file, pasted or whole, and for owners whose sign-in it is about."""

    text = forms.CharField(
        label="What the file says",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
    )
    file = forms.FileField(
        label="Or the file itself",
        required=False,
        allow_empty_file=True,
        help_text="Finds more: pasting hides a wrong encoding and a byte order mark.",
    )
    member = forms.CharField(
        label="Member",
        max_length=150,
        strip=False,
        help_text="The user name of whoever would sign in.",
    )

    def __init__(self, *args: Any, is_owner: bool, **kwargs: Any) -> None:
        # Beside others on one page, so its ids are its own.
        super().__init__(*args, **{"auto_id": "check_%s", **kwargs})
        if not is_owner:
            del self.fields["member"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "text" in cleaned and not cleaned["text"] and cleaned.get("file") is None:
            self.add_error("text", "Paste what the file says, or choose the file.")
        return cleaned

    def content(self) -> bytes:
        """The bytes to check, as many as it takes to see that they are too many."""
        file = self.cleaned_data["file"]
        if file is not None:
            content: bytes = file.read(MOST_BYTES + 1)
            return content
        text: str = self.cleaned_data["text"]
        return text.encode()
