"""Which entry of a navigation says that the reader is on its page."""

import re
from collections.abc import Callable

import httpx
import pytest
from django.template.loader import render_to_string

from tests.browser.pages import ORGANIZATION


@pytest.mark.parametrize(
    ("here", "current"),
    [
        ("registries", True),
        ("try_registry", True),
        ("registry", False),
        ("site_registries", False),
        ("", False),
        (None, False),
    ],
)
def test_an_entry_is_current_on_the_pages_that_it_names_whole(
    here: str | None, current: bool
) -> None:
    context = {"here": here, "on": "registries try_registry", "to": "/there/", "label": "There"}
    entry = render_to_string("components/nav_item.html", context)
    assert ('aria-current="page"' in entry) is current


@pytest.mark.django_db
def test_every_page_of_the_settings_says_where_it_is(
    signed_in: Callable[[str], httpx.Client],
) -> None:
    olivia, found = signed_in("olivia"), {}
    for path in ORGANIZATION:
        answer = olivia.get(path)
        if "/settings/" in path and answer.status_code == 200:
            beside = re.findall(r'<nav aria-label="Settings">(.*?)</nav>', answer.text, re.DOTALL)
            found[path] = sum(nav.count('aria-current="page"') for nav in beside)
    assert len(found) > 10
    assert set(found.values()) == {1}, found
