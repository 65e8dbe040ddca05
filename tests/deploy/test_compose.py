"""docker-compose.yml restrains every container, and its commands work when restrained."""

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests import services
from tests.deploy.conftest import CHECKOUT, Container
from tests.services.process import answers_http, program, running

Compose = dict[str, Any]


COMPOSE: Compose = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())
SERVICES: Compose = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service["image"] == "hubadmin"]


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_gives_up_what_it_does_not_need(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "devices", "network_mode", "pid"} & set(service)
    # The image of ours says itself that it isn't root; the others' have to be told.
    assert name in OURS or service["user"].split(":")[0] not in ("0", "root")


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_watched(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] in ("unless-stopped", "on-failure")
    # A disabled check is a decision that stands in the file; web's is the image's own.
    assert "healthcheck" in service or name == "web"


@pytest.mark.parametrize("name", SERVICES)
def test_no_image_comes_as_latest(name: str) -> None:
    image = SERVICES[name]["image"]
    assert name in OURS or re.fullmatch(r"[a-z]+:[\w.-]*\d[\w.-]*", image)


def test_all_parts_are_there() -> None:
    assert {"web", "worker", "beat", "signer", "migrate", "postgres", "redis", "registry"} <= set(
        SERVICES
    )


def test_only_the_signer_sees_the_authority_s_key() -> None:
    holders = [name for name, each in SERVICES.items() if _mounts(each, "ca")]
    assert holders == ["signer"]
    assert "ports" not in SERVICES["signer"]
    assert SERVICES["signer"]["networks"] == ["inside"]


def test_web_and_worker_keep_no_state() -> None:
    assert not any("volumes" in SERVICES[name] for name in ("web", "worker"))


def test_databases_are_out_of_reach() -> None:
    assert COMPOSE["networks"]["inside"]["internal"] is True
    for name in ("postgres", "redis"):
        assert SERVICES[name]["networks"] == ["inside"]
        assert "ports" not in SERVICES[name]


def test_what_is_published_is_published_to_this_machine_only() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_secrets_come_from_the_environment_and_the_example_has_none() -> None:
    text = (CHECKOUT / "docker-compose.yml").read_text()
    wanted = set(re.findall(r"\$\{(\w+)", text))
    example = dict(
        line.split("=", 1)
        for line in (CHECKOUT / ".env.example").read_text().splitlines()
        if line and not line.startswith("#")
    )
    assert wanted == set(example)
    # A profile's key is named by its file.
    secret = {name for name in wanted if re.search("SECRET|_KEY|PASSWORD", name)}
    secret.remove("HUBADMIN_PROFILE_KEY")
    assert secret
    for name in secret:
        assert example[name] == ""
        # Without it nothing starts: an empty password would be worse.
        assert re.search(rf"\$\{{{name}:\?", text)
    assert ".env" in (CHECKOUT / ".gitignore").read_text().splitlines()


@pytest.mark.parametrize("name", OURS)
def test_what_may_be_left_empty_reaches_every_process(name: str) -> None:
    passed = SERVICES[name]["environment"]
    for variable in (
        "METRICS_TOKEN",
        "ALLOWED_HOSTS",
        "FROM_EMAIL",
        "LOG_LEVEL",
        "CATALOG_URL",
        "CATALOG_FORMAT",
        "PROFILE_CERTIFICATE",
        "PROFILE_KEY",
        "SIGN_UP",
        "CREATE_ORGANIZATIONS",
    ):
        assert passed[f"HUBADMIN_{variable}"] == f"${{HUBADMIN_{variable}:-}}"


def test_what_starts_after_the_tables_are_there() -> None:
    for name in ("web", "worker", "beat", "signer"):
        conditions = SERVICES[name]["depends_on"]
        assert conditions["migrate"] == {"condition": "service_completed_successfully"}


def test_the_signer_makes_an_authority_and_goes_on(migrated: Container, tmp_path: Path) -> None:
    authority = Path(migrated.environment["HUBADMIN_VAR"]) / "ca" / "ca.pem"
    command = SERVICES["signer"]["command"]
    with _started(migrated, command, tmp_path / "log", authority.exists) as process:
        time.sleep(1)
        assert process.poll() is None


def test_the_worker_works_and_its_health_check_knows(migrated: Container, tmp_path: Path) -> None:
    check = SERVICES["worker"]["healthcheck"]["test"]
    assert check[0] == "CMD-SHELL"

    def answers() -> bool:
        command = check[1].replace("$$", "$")
        return migrated.run("sh", "-c", command, check=False).returncode == 0

    assert not answers()
    # A container's host name is its own; here it has to be said.
    words = [*SERVICES["worker"]["command"], "--hostname", "celery@container"]
    with _started(migrated, words, tmp_path / "log", answers):
        pass


def test_beat_keeps_its_times_in_its_volume(migrated: Container, tmp_path: Path) -> None:
    schedule = Path(migrated.environment["HUBADMIN_VAR"]) / "celerybeat-schedule"

    def kept() -> bool:
        return any(schedule.parent.glob(f"{schedule.name}*"))

    with _started(migrated, SERVICES["beat"]["command"], tmp_path / "log", kept):
        pass


def test_the_registry_sends_people_to_the_site(authority: Path, tmp_path: Path) -> None:
    """With the sample's configuration, the variables that compose adds, and folders of ours."""
    config = "deploy/registry/config.yml"
    assert f"./{config}:/etc/docker/registry/config.yml:ro" in SERVICES["registry"]["volumes"]
    port = services.free_port()
    variables = {
        name: re.sub(r"\$\{HUBADMIN_URL:[^}]*\}", "https://hubadmin.example.com", value)
        for name, value in SERVICES["registry"]["environment"].items()
    }
    environment = variables | {
        "REGISTRY_HTTP_ADDR": f"localhost:{port}",
        "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY": str(tmp_path),
        "REGISTRY_AUTH_TOKEN_ROOTCERTBUNDLE": str(authority),
    }
    server = program("docker-registry", package="docker-registry")
    with running(
        [server, "serve", str(CHECKOUT / config)],
        log=tmp_path / "log",
        ready=lambda: answers_http(port, "/v2/") == 401,
        env=environment,
    ):
        challenge = httpx.get(f"http://localhost:{port}/v2/").headers["WWW-Authenticate"]

    assert challenge == ('Bearer realm="https://hubadmin.example.com/auth/token",service="hub"')


def _mounts(service: Compose, volume: str) -> bool:
    return any(entry.startswith(f"{volume}:") for entry in service.get("volumes", []))


@contextmanager
def _started(
    container: Container, words: list[str], log: Path, ready: Callable[[], bool]
) -> Iterator[subprocess.Popen[bytes]]:
    """A container's process, from when it is ready until the block is left."""
    with running(
        container.command(*words), log=log, ready=ready, env=container.environment, cwd=CHECKOUT
    ) as process:
        yield process
