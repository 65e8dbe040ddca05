"""Every e-mail reads well as text and as HTML: the same words, the same links."""

import re
from html import unescape
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.core.mail.message import EmailMultiAlternatives
from django.utils import timezone
from django.utils.html import escape, strip_tags

from orgs.letters import letter, with_html

TEMPLATES = Path(settings.BASE_DIR) / "templates"
LETTERS = sorted(
    str(path.relative_to(TEMPLATES)).removesuffix("_subject.txt")
    for path in TEMPLATES.rglob("email/*_subject.txt")
)
LINK = re.compile(r"https?://[^\s<>\"]+")
SITE = settings.SITE_URL
CONTEXT = {
    "activate_url": f"{SITE}/accounts/confirm-email/a-key/",
    "password_reset_url": f"{SITE}/accounts/password/reset/key/1-a-key/",
    "email": "mel@example.com",
    "provider": "Keycloak",
    "ip": "203.0.113.7",
    "timestamp": timezone.now(),
    "user": SimpleNamespace(username="mel", get_username=lambda: "mel"),
    "owner": SimpleNamespace(display_name="Olivia <O>"),
    "organization": SimpleNamespace(name="acme", display_name="Acme"),
    "asked": {"asked_by": "mel", "reason": "Not <yours>."},
    "namespace": "docker.io/acme",
    "host": "registry.example",
    "namespaces": ["registry.example/acme", "registry.example/acme-tools"],
    "requests": ["registry.example/wanted"],
    "member": SimpleNamespace(display_name="Mel <M>"),
    "exception": SimpleNamespace(
        pk=1,
        target="docker.io/randomdev/tool",
        user=SimpleNamespace(username="mel", display_name="Mel <M>"),
        word="For <a> trial",
        answer="A <week> will do",
        settled_by="olivia",
        own_rule=SimpleNamespace(ends_at=timezone.now()),
    ),
}


def html_of(message: EmailMultiAlternatives) -> str:
    (part,) = message.alternatives
    assert part[1] == "text/html"
    return str(part[0])


def words(html: str) -> str:
    return " ".join(unescape(strip_tags(html.partition("<body")[2])).split())


@pytest.mark.parametrize("template", LETTERS)
def test_both_parts_say_the_same(template: str) -> None:
    message = letter(template, "mel@example.com", CONTEXT)
    html = html_of(message)
    assert 8 < len(message.subject) <= 80
    assert f"<title>{escape(message.subject)}</title>" in html

    links = LINK.findall(str(message.body))
    assert SITE in links  # at its end each says where it comes from
    assert {link.rstrip(".") for link in links} == set(re.findall(r'href="(http[^"]+)"', html))
    for sentence in re.split(r"[\n:]+", str(message.body)):
        assert " ".join(sentence.split()) in words(html)


@pytest.mark.parametrize("template", LETTERS)
def test_an_email_is_small_and_fetches_nothing(template: str) -> None:
    html = html_of(letter(template, "mel@example.com", CONTEXT))
    assert len(html) < 6_000
    assert not re.search(r"<img|<link|<script|url\(|@import|src=", html)
    assert '<meta name="color-scheme" content="light dark">' in html


def test_what_somebody_typed_becomes_neither_markup_nor_a_button() -> None:
    typed = f"Open this: https://evil.example/\n\nOr this: {SITE}.evil.example/\n\n<b>Bold</b>"
    html = html_of(with_html(EmailMultiAlternatives("A <b>subject</b>", typed)))
    assert "<b>" not in html
    assert "background-color" not in html


def test_a_link_of_this_site_becomes_a_button() -> None:
    text = f"Hello.\n\nOpen acme: {SITE}/orgs/acme/\n\nHubadmin"
    html = html_of(with_html(EmailMultiAlternatives("A subject", text)))
    assert re.search(rf'href="{SITE}/orgs/acme/"[^>]*background-color[^>]*>Open acme</a>', html)
