"""Whoever has a second factor signs in to registries with an access token only (P9)."""

from collections.abc import Iterator

import httpx
import pytest

from tests import services
from tests.clients.conftest import NewClient
from tests.clients.engines import output
from tests.clients.images import OFFICIAL
from tests.clients.steps import assert_pulls, assert_refused, signed_in
from tests.conftest import post
from tests.second_factors import set_up_app
from tests.served import DemoSite


@pytest.fixture
def nina(site: DemoSite) -> Iterator[httpx.Client]:
    """Her browser; she has no second factor before and after the test."""
    with httpx.Client(base_url=site.url) as browser:
        password = site.env["DEMO_PASSWORD"]
        assert post(browser, "/accounts/login/", login="nina", password=password).is_redirect
        yield browser
    site.manage("remove_second_factor", "nina")


def test_docker_is_told_to_use_an_access_token(
    site: DemoSite, hub_registry: services.Registry, docker: NewClient, nina: httpx.Client
) -> None:
    before, after = docker(), docker()
    signed_in(before, hub_registry, site, "nina")
    assert_pulls(before, hub_registry, OFFICIAL)

    set_up_app(nina, site.env["DEMO_PASSWORD"])

    # What docker has kept of the password is worth nothing any more.
    assert_refused(before, f"{hub_registry.host}/{OFFICIAL}:latest", "This sign-in has ended")
    refused = after.login(hub_registry.host, "nina", site.env["DEMO_PASSWORD"])
    assert refused.returncode != 0
    assert "With two-factor authentication switched on, use an access token" in output(refused)

    signed_in(after, hub_registry, site, "nina", site.env["NINA_TOKEN"])
    assert_pulls(after, hub_registry, OFFICIAL)
