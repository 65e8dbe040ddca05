"""Which entry of a navigation says that the reader is on its page."""

import pytest
from django.template.loader import render_to_string


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
