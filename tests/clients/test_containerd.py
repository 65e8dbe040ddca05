"""containerd, as a node of a cluster pulls: with a token for every pull, and without a reason."""

from collections.abc import Callable

from tests import services
from tests.clients.engines import Containerd, output
from tests.clients.images import COMMUNITY, OFFICIAL, OWN, VERIFIED
from tests.served import DemoSite, SetPolicy


def test_containerd_pulls_what_acme_allows_and_nothing_else(
    site: DemoSite,
    acme_registry: services.Registry,
    containerd: Callable[[str], Containerd],
    set_policy: SetPolicy,
) -> None:
    mel = containerd(f"mel:{site.env['MEL_TOKEN']}")
    set_policy(enabled=True, verified=False)
    for repository in (OWN, OFFICIAL):
        result = mel.pull(f"{acme_registry.host}/{repository}:latest")
        assert result.returncode == 0, output(result)
    for repository in (VERIFIED, COMMUNITY):
        result = mel.pull(f"{acme_registry.host}/{repository}:latest")
        assert result.returncode != 0
        assert "401" in output(result) or "authoriz" in output(result).lower(), output(result)

    set_policy(enabled=False)
    assert mel.pull(f"{acme_registry.host}/{COMMUNITY}:latest").returncode == 0
    assert containerd("").pull(f"{acme_registry.host}/{OWN}:latest").returncode != 0
