"""What members type to ask for an exception, and owners to answer."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from permissions.core.own_rules import EVERYONE, MAX_REASON_LENGTH, Audience
from permissions.exception_models import ExceptionRequest


class AskForm(forms.Form):
    word = forms.CharField(
        label="What you need it for",
        required=False,
        max_length=MAX_REASON_LENGTH,
        help_text="Optional. The owners read it.",
    )


class AllowForm(forms.Form):
    """For how long and for whom an exception is made; who asked is always among them."""

    LIVES = [("7", "A week"), ("30", "A month"), ("", "For ever, until somebody ends it")]

    life = forms.ChoiceField(label="For how long", choices=LIVES, required=False, initial="7")
    audience = forms.ChoiceField(label="For whom")
    answer = forms.CharField(
        label="A word to it",
        required=False,
        max_length=MAX_REASON_LENGTH,
        help_text="Optional. All members read it, as the reason of the exception.",
    )

    def __init__(
        self, *args: Any, asked: ExceptionRequest, teams: list[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **{"auto_id": "allow_%s", **kwargs})
        self.audiences = {
            "user": Audience.user(asked.user.username),
            **{f"team {name}": Audience.team(name) for name in teams},
            "everyone": EVERYONE,
        }
        self.fields["audience"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            ("user", f"Only {asked.user.username}"),
            *((f"team {name}", f"The team {name}") for name in teams),
            ("everyone", "Everyone"),
        ]

    def wished(self) -> dict[str, Any]:
        """The arguments of `allow_exception`."""
        life = self.cleaned_data["life"]
        return {
            "audience": self.audiences[self.cleaned_data["audience"]],
            "ends_at": timezone.now() + timedelta(days=int(life)) if life else None,
            "answer": self.cleaned_data["answer"],
        }


class DeclineForm(forms.Form):
    answer = forms.CharField(
        label="Why not",
        max_length=MAX_REASON_LENGTH,
        help_text="Whoever asked reads it, and nobody but them and the owners.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "decline_%s", **kwargs})
