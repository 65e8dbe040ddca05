"""What owners fill in to invite people."""

import csv
from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from orgs.invitation_lines import MOST_LINES, lines_of_csv, lines_of_text
from orgs.models import Team

# A thousand of the longest addresses, and something to spare.
MOST_CHARACTERS = 300_000


class InviteForm(forms.Form):
    people = forms.CharField(
        label="E-mail addresses or user names",
        required=False,
        max_length=MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text=f"One a line, or separated by commas. At most {MOST_LINES:,} at once.",
    )
    file = forms.FileField(
        label="Or a CSV file",
        required=False,
        help_text="With a column <code>email</code> or <code>username</code>, else the first "
        "column counts.",
    )
    teams = forms.MultipleChoiceField(required=False)

    def __init__(self, data: Any = None, files: Any = None, *, teams: Iterable[Team]) -> None:
        super().__init__(data, files)
        names = [(team.name, team.name) for team in teams]
        self.fields["teams"].choices = names  # type: ignore[attr-defined]

    def clean_file(self) -> list[str]:
        file: UploadedFile[bytes] | None = self.cleaned_data["file"]
        if file is None:
            return []
        try:
            text = file.read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise forms.ValidationError(
                "This file can't be read as text. Save it as CSV in UTF-8."
            ) from error
        try:
            return lines_of_csv(text.replace("\x00", ""))
        except csv.Error as error:
            raise forms.ValidationError(
                "This file can't be read as CSV. Write one e-mail address or user name a line."
            ) from error

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "people" in cleaned and "file" in cleaned and not self.errors:
            cleaned["lines"] = lines_of_text(cleaned["people"]) + cleaned["file"]
            if not cleaned["lines"]:
                self.add_error("people", "Give at least one e-mail address or user name.")
            if len(cleaned["lines"]) > MOST_LINES:
                number = f"{len(cleaned['lines']):,}"
                self.add_error(
                    "people", f"{number} lines are too many: give at most {MOST_LINES:,} at once."
                )
        return cleaned
