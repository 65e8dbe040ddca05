"""What people do at a registry, and what they see, whatever stands in front of it."""

from typing import Protocol

from tests.clients.engines import Client, output
from tests.served import DemoSite


class Door(Protocol):
    """A registry, or a proxy in front of one."""

    @property
    def host(self) -> str: ...


def signed_in(
    client: Client, registry: Door, site: DemoSite, user: str, password: str = ""
) -> Client:
    result = client.login(registry.host, user, password or site.env["DEMO_PASSWORD"])
    assert result.returncode == 0, output(result)
    return client


def assert_pulls(client: Client, registry: Door, *repositories: str) -> None:
    for repository in repositories:
        result = client.pull(f"{registry.host}/{repository}:latest")
        assert result.returncode == 0, f"{repository}: {output(result)}"


def assert_refused(client: Client, reference: str, reason: str) -> None:
    result = client.pull(reference)
    assert result.returncode != 0
    assert reason in output(result)
