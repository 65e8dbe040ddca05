"""The configuration that the page generates, in the programs that it is for."""

import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from registries.configuration import (
    distribution_yaml,
    nginx_token_file,
    nginx_values,
)
from registries.products import Connection
from tests import services
from tests.clients.conftest import NewClient
from tests.clients.engines import output
from tests.served import DemoSite, required
from tests.services.process import answers_http, free_port, program, run_to_end, running
from tests.services.site import CHECKOUT


@dataclass(frozen=True, slots=True)
class Connected:
    """A registry that acme has connected by command, with a namespace on it."""

    connection: Connection
    port: int


def connect(site: DemoSite, service: str) -> Connected:
    port = free_port()
    host = f"localhost:{port}"
    secret = _manage(site, "connect_registry", service, host, "--organization", "acme").strip()
    _manage(site, "assign_namespace", "acme", "acme", "--service", service)
    return Connected(Connection(service, host, False, site.url, secret), port)


@pytest.fixture
def distribution(
    site: DemoSite, storage: Path, images: dict[str, str], ca_bundle: Path, tmp_path: Path
) -> Iterator[Connected]:
    """Distribution, started with nothing but the generated text."""
    connected = connect(site, "generated")
    config = tmp_path / "config.yml"
    config.write_text(
        distribution_yaml(
            connected.connection,
            storage=str(storage),
            certificate=str(ca_bundle),
            listen=f"localhost:{connected.port}",
        )
    )
    with required():
        server = program("docker-registry", package="docker-registry")

        def ready() -> bool:
            return answers_http(connected.port, "/v2/") == 401

        with running([server, "serve", str(config)], log=tmp_path / "log", ready=ready):
            yield connected
    _manage(site, "disconnect_registry", "acme", "generated")


def test_distribution_starts_and_serves_with_the_generated_text(
    site: DemoSite, distribution: Connected, skopeo: NewClient
) -> None:
    host = distribution.connection.host
    mel = skopeo()
    assert mel.login(host, "mel", site.env["DEMO_PASSWORD"]).returncode == 0
    pulled = mel.pull(f"{host}/acme/app:latest")
    assert pulled.returncode == 0, output(pulled)

    nina = skopeo()
    assert nina.login(host, "nina", site.env["DEMO_PASSWORD"]).returncode == 0
    refused = nina.pull(f"{host}/acme/app:latest")
    assert refused.returncode != 0
    assert "not a member of acme" in output(refused)


def test_nginx_serves_with_the_generated_values(
    site: DemoSite, storage: Path, images: dict[str, str]
) -> None:
    connection = connect(site, "behind-nginx").connection
    values = nginx_values(connection)
    hubadmin, _ = re.findall(r"^    server (\S+);$", values, re.MULTILINE)
    (name,) = re.findall(r"^proxy_set_header Host (\S+);$", values, re.MULTILINE)
    (credential,) = re.findall(r'^set \$registry_token "(.+)";\n$', nginx_token_file(connection))
    with ExitStack() as stack:
        stack.enter_context(required())
        registry = stack.enter_context(services.registry(storage))
        proxy = stack.enter_context(
            services.nginx(
                hubadmin=name,
                hubadmin_address=hubadmin,
                registry_address=f"127.0.0.1:{registry.port}",
                credential=credential,
            )
        )
        manifest = f"{proxy.url}/v2/acme/app/manifests/latest"
        accept = {"Accept": "application/vnd.oci.image.manifest.v1+json"}
        password = site.env["DEMO_PASSWORD"]
        mel = httpx.get(manifest, auth=("mel", password), headers=accept, verify=False)
        nina = httpx.get(manifest, auth=("nina", password), headers=accept, verify=False)
    assert mel.status_code == 200, mel.text
    assert nina.status_code == 403
    assert "not a member of acme" in nina.text
    _manage(site, "disconnect_registry", "acme", "behind-nginx")


def _manage(site: DemoSite, *arguments: str) -> str:
    command = [sys.executable, str(CHECKOUT / "manage.py"), *arguments]
    return run_to_end(command, env=site.environment)
