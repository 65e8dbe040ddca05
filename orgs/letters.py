"""What an e-mail looks like: written once as text, and drawn from that as HTML.

So both parts say the same and hold the same links, and whoever adds an e-mail writes two short
text files, its subject and its message. A paragraph `Label: https://…` that leads to a page of
this site becomes a button; what somebody else typed can't become one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.mail.message import EmailMultiAlternatives
from django.template.loader import render_to_string

_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")
_BUTTON = re.compile(r"(?P<label>[^\n:]{1,60}): (?P<url>https?://[^\s<>\"]+)")


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str
    label: str = ""
    url: str = ""


def letter(template: str, to: str, context: Mapping[str, Any]) -> EmailMultiAlternatives:
    """An e-mail from `<template>_subject.txt` and `<template>_message.txt`."""
    shown = {**context, "site": settings.SITE_URL}
    subject = " ".join(render_to_string(f"{template}_subject.txt", shown).split())
    text = render_to_string(f"{template}_message.txt", shown).strip()
    return with_html(EmailMultiAlternatives(subject, text, to=[to]))


def with_html(message: EmailMultiAlternatives) -> EmailMultiAlternatives:
    """Give an e-mail of text its HTML part."""
    context = {"subject": message.subject, "paragraphs": _paragraphs(str(message.body))}
    message.attach_alternative(render_to_string("email/letter.html", context), "text/html")
    return message


def _paragraphs(text: str) -> list[Paragraph]:
    return [_paragraph(part) for part in _BLANK_LINES.split(text.strip())]


def _paragraph(text: str) -> Paragraph:
    button = _BUTTON.fullmatch(text)
    if button is None or not button["url"].startswith(f"{settings.SITE_URL}/"):
        return Paragraph(text)
    return Paragraph(text, button["label"], button["url"])
