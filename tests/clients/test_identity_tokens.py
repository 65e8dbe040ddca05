"""Docker Engine keeps a refresh token in place of the password: its *identity token*."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import services
from tests.clients.conftest import NewClient
from tests.clients.engines import Docker, Podman, Skopeo, output
from tests.clients.images import OFFICIAL, OWN, VERIFIED
from tests.clients.steps import assert_pulls, assert_refused, signed_in
from tests.served import DemoSite, SetPolicy

ENDED = "This sign-in has ended. Sign in again."


def kept(client: Docker, host: str) -> dict[str, Any]:
    """What docker has written about a registry into its own config.json."""
    config = json.loads((client.folder / "config.json").read_text())
    entry: dict[str, Any] = config["auths"][host]
    return entry


def nina_at(registry: services.Registry, site: DemoSite, docker: NewClient) -> Docker:
    nina = docker()
    assert isinstance(nina, Docker)
    signed_in(nina, registry, site, "nina")
    return nina


def end_sign_ins(site: DemoSite, who: str) -> int:
    """What a person does on the page of their access tokens; how many sign-ins there were."""
    with httpx.Client(base_url=site.url) as browser:
        form = {"login": who, "password": site.env["DEMO_PASSWORD"]}
        assert _post(browser, "/accounts/login/", "/accounts/login/", form).status_code == 302
        page = browser.get("/account/settings/tokens/").text
        endings = re.findall(r'action="(/account/settings/registry-sign-ins/\w+/end/)"', page)
        for ending in endings:
            assert _post(browser, "/account/settings/tokens/", ending, {}).status_code == 302
    return len(endings)


def _post(browser: httpx.Client, page: str, path: str, form: dict[str, str]) -> httpx.Response:
    text = browser.get(page).text
    token = text.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    return browser.post(path, data=form | {"csrfmiddlewaretoken": token})


def test_docker_keeps_no_password_and_pulls_until_the_sign_in_is_ended(
    site: DemoSite, hub_registry: services.Registry, docker: NewClient
) -> None:
    nina = nina_at(hub_registry, site, docker)
    entry = kept(nina, hub_registry.host)
    assert entry["identitytoken"].startswith("hubadmin_ref_")
    assert site.env["DEMO_PASSWORD"] not in (nina.folder / "config.json").read_text()

    assert_pulls(nina, hub_registry, OFFICIAL, VERIFIED)
    assert kept(nina, hub_registry.host) == entry

    assert end_sign_ins(site, "nina") == 1
    assert_refused(nina, f"{hub_registry.host}/{OFFICIAL}:latest", ENDED)
    signed_in(nina, hub_registry, site, "nina")
    assert_pulls(nina, hub_registry, OFFICIAL)
    end_sign_ins(site, "nina")


@pytest.mark.parametrize("other", [Podman, Skopeo])
def test_podman_and_skopeo_use_what_docker_has_kept(
    site: DemoSite,
    hub_registry: services.Registry,
    docker: NewClient,
    new_folder: Callable[[], Path],
    other: type[Podman | Skopeo],
) -> None:
    nina = nina_at(hub_registry, site, docker)
    client = other(new_folder())
    (client.folder / "auth.json").write_text((nina.folder / "config.json").read_text())

    assert_pulls(client, hub_registry, OFFICIAL)
    assert end_sign_ins(site, "nina") == 1
    assert client.pull(f"{hub_registry.host}/{OFFICIAL}:latest").returncode != 0


def test_a_sign_in_with_an_access_token_does_no_more_than_that(
    site: DemoSite,
    acme_registry: services.Registry,
    docker: NewClient,
    set_policy: SetPolicy,
) -> None:
    mel = docker()
    signed_in(mel, acme_registry, site, "mel", site.env["MEL_TOKEN"])
    set_policy(enabled=True, verified=False)
    assert_pulls(mel, acme_registry, OWN)
    refused = mel.pull(f"{acme_registry.host}/{VERIFIED}:latest")
    assert refused.returncode != 0
    assert "acme does not allow verified publisher images" in output(refused)
