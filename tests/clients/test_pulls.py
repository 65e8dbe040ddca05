"""An owner flips a switch, and a real pull by a real client is refused."""

import re
from pathlib import Path

import httpx
import pytest

from tests import services
from tests.clients.conftest import NewClient
from tests.clients.engines import output
from tests.clients.images import COMMUNITY, OFFICIAL, OWN, VERIFIED, write_image
from tests.clients.steps import assert_pulls, assert_refused, signed_in
from tests.served import DemoSite, SetPolicy

ONE_OF_EACH = (OWN, OFFICIAL, VERIFIED, COMMUNITY)
REFUSED = {
    VERIFIED: "acme does not allow verified publisher images",
    COMMUNITY: "acme does not allow community images",
}


@pytest.fixture(params=["acme_registry", "hub_registry"])
def registry(request: pytest.FixtureRequest) -> services.Registry:
    """Acme's own registry, and the one of the whole site: Mel's only organization is acme."""
    registry: services.Registry = request.getfixturevalue(request.param)
    return registry


def test_mel_pulls_what_acme_allows_and_reads_why_not_the_rest(
    site: DemoSite, registry: services.Registry, new_client: NewClient, set_policy: SetPolicy
) -> None:
    mel = signed_in(new_client(), registry, site, "mel")
    set_policy(enabled=True, verified=False)

    assert_pulls(mel, registry, OWN, OFFICIAL)
    for repository, reason in REFUSED.items():
        assert_refused(mel, f"{registry.host}/{repository}:latest", reason)

    set_policy(enabled=False)
    assert_pulls(mel, registry, *ONE_OF_EACH)


def test_olivia_as_an_owner_pulls_everything(
    site: DemoSite, registry: services.Registry, new_client: NewClient, set_policy: SetPolicy
) -> None:
    olivia = signed_in(new_client(), registry, site, "olivia")
    set_policy(enabled=True, official=False, verified=False)

    assert_pulls(olivia, registry, *ONE_OF_EACH)


def test_a_digest_is_refused_like_a_tag(
    site: DemoSite,
    acme_registry: services.Registry,
    images: dict[str, str],
    new_client: NewClient,
    set_policy: SetPolicy,
) -> None:
    mel = signed_in(new_client(), acme_registry, site, "mel")
    set_policy(enabled=True, verified=False)

    by_digest = f"{acme_registry.host}/{VERIFIED}@{images[VERIFIED]}"
    assert_refused(mel, by_digest, REFUSED[VERIFIED])

    set_policy(enabled=True, verified=True)
    assert mel.pull(by_digest).returncode == 0


def test_a_wrong_password_signs_nobody_in(
    acme_registry: services.Registry, new_client: NewClient
) -> None:
    # Gus, because the site soon stops listening to somebody whose password is being guessed.
    result = new_client().login(acme_registry.host, "gus", "not-the-password")

    assert result.returncode != 0
    assert re.search("unauthorized|invalid username/password", output(result))


def test_a_personal_access_token_is_a_password(
    site: DemoSite,
    acme_registry: services.Registry,
    new_client: NewClient,
    set_policy: SetPolicy,
) -> None:
    set_policy(enabled=True, verified=False)
    mel = signed_in(new_client(), acme_registry, site, "mel", site.env["MEL_TOKEN"])

    assert_pulls(mel, acme_registry, OWN)
    assert_refused(mel, f"{acme_registry.host}/{COMMUNITY}:latest", REFUSED[COMMUNITY])


def test_nina_gets_nothing_from_a_registry_of_an_organization_she_is_not_in(
    site: DemoSite, acme_registry: services.Registry, new_client: NewClient
) -> None:
    nina = new_client()
    # Whether signing in already fails is the registry's choice; pulling fails in any case.
    nina.login(acme_registry.host, "nina", site.env["DEMO_PASSWORD"])

    assert nina.pull(f"{acme_registry.host}/{OFFICIAL}:latest").returncode != 0


def test_nobody_pulls_without_signing_in(
    registry: services.Registry, new_client: NewClient
) -> None:
    assert new_client().pull(f"{registry.host}/{OFFICIAL}:latest").returncode != 0


def test_only_who_may_push_does(
    site: DemoSite,
    acme_registry: services.Registry,
    new_client: NewClient,
    tmp_path: Path,
) -> None:
    layout = tmp_path / "layout"
    layout.mkdir()
    write_image(layout, "something new")
    olivia = signed_in(new_client(), acme_registry, site, "olivia")
    mel = signed_in(new_client(), acme_registry, site, "mel")

    own = olivia.push(layout, f"{acme_registry.host}/acme/pushed:latest")
    assert own.returncode == 0, output(own)
    assert_pulls(mel, acme_registry, "acme/pushed")
    for client, repository in ((mel, OWN), (olivia, OFFICIAL)):
        assert client.push(layout, f"{acme_registry.host}/{repository}:latest").returncode != 0


def test_a_token_for_one_repository_opens_no_other(
    site: DemoSite, acme_registry: services.Registry
) -> None:
    token = _token(site, f"repository:{OWN}:pull")

    assert _manifest(acme_registry, OWN, token).status_code == 200
    assert _manifest(acme_registry, VERIFIED, token).status_code == 401
    # The registry decodes the path before it compares names.
    assert _manifest(acme_registry, VERIFIED.replace("/", "%2f"), token).status_code in (401, 404)


def test_a_mount_from_another_repository_is_a_pull_of_it(
    site: DemoSite, acme_registry: services.Registry
) -> None:
    everything = _token(site, f"repository:{VERIFIED}:pull")
    layer = _manifest(acme_registry, VERIFIED, everything).json()["layers"][0]["digest"]

    push_only = _token(site, f"repository:{OWN}:pull,push")
    answer = httpx.post(
        f"{acme_registry.url}/v2/{OWN}/blobs/uploads/",
        params={"mount": layer, "from": VERIFIED},
        headers={"Authorization": f"Bearer {push_only}"},
    )
    assert answer.status_code == 401


def _token(site: DemoSite, scope: str) -> str:
    """A registry token of Olivia's."""
    answer = httpx.get(
        f"{site.url}/auth/token",
        params={"service": "acme", "scope": scope},
        auth=("olivia", site.env["OLIVIA_TOKEN"]),
    )
    token: str = answer.raise_for_status().json()["token"]
    return token


def _manifest(registry: services.Registry, repository: str, token: str) -> httpx.Response:
    return httpx.get(
        f"{registry.url}/v2/{repository}/manifests/latest",
        headers={
            "Authorization": f"Bearer {token}",
            "Accept": "application/vnd.oci.image.manifest.v1+json",
        },
    )
