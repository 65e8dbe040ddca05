"""The image's commands, run here as they stand: there may be no engine to build it with."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.deploy.dockerfile import Stage, read_stages
from tests.services.postgresql import create_database

CHECKOUT = Path(__file__).resolve().parents[2]

# A container's life: nothing but /tmp can be written, and root is root no more.
RESTRAINED = f"""
set -e
mount --bind /tmp /tmp
mount --bind {CHECKOUT} {CHECKOUT}
mount -o remount,bind,ro {CHECKOUT}
mount -o remount,bind,ro /
exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all -- "$@"
"""


@dataclass(frozen=True, slots=True)
class Container:
    """Where a command runs as it would in a container of the image."""

    environment: dict[str, str]
    static: Path

    def command(self, *words: str) -> list[str]:
        namespace = ["unshare", "--mount", "--propagation", "private"]
        return [*namespace, "sh", "-c", RESTRAINED, "sh", *words]

    def run(self, *words: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.command(*words),
            cwd=CHECKOUT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=check,
        )


@pytest.fixture(scope="session")
def stages() -> list[Stage]:
    return read_stages(CHECKOUT / "Dockerfile")


@pytest.fixture(scope="session")
def image(stages: list[Stage]) -> Stage:
    return stages[-1]


@pytest.fixture(scope="session")
def container(
    stages: list[Stage], image: Stage, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Container:
    """The environment that the Dockerfile and docker-compose.yml give, on our own services."""
    for problem, here in {
        "a read-only file system needs root": os.geteuid() != 0,
        "run the tests with script/test": not os.environ.get("REDIS_URL"),
    }.items():
        if here:
            pytest.fail(problem)
    var, static = tmp_path_factory.mktemp("var"), tmp_path_factory.mktemp("static")
    database = create_database(os.environ["DATABASE_URL"], f"hubadmin_image_{worker_id}")
    return Container(
        image.environment()
        | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOSTNAME": "container",
            "HUBADMIN_VAR": str(var),
            "HUBADMIN_STATIC_ROOT": str(static),
            "HUBADMIN_URL": "https://hubadmin.example.com",
            "HUBADMIN_SECRET_KEY": "of-a-test-" * 6,
            "HUBADMIN_DATA_KEY": "of-a-test-" * 6,
            "DATABASE_URL": database,
            "REDIS_URL": os.environ["REDIS_URL"],
            "TRUSTED_PROXIES": "",
            "EMAIL_URL": "console:",
            "HUBADMIN_METRICS_TOKEN": "",
            "HUBADMIN_ALLOWED_HOSTS": "",
            "HUBADMIN_FROM_EMAIL": "",
            "HUBADMIN_LOG_LEVEL": "",
            "HUBADMIN_CATALOG_URL": "",
            "HUBADMIN_CATALOG_FORMAT": "",
            "HUBADMIN_PROFILE_CERTIFICATE": "",
            "HUBADMIN_PROFILE_KEY": "",
            "HUBADMIN_SIGN_UP": "",
            "HUBADMIN_CREATE_ORGANIZATIONS": "",
        },
        static,
    )


@pytest.fixture(scope="session")
def migrated(container: Container) -> Container:
    container.run("python", "manage.py", "migrate", "--noinput")
    return container


@pytest.fixture(scope="session")
def authority(migrated: Container) -> Path:
    """The certificate that the signer has made, with a leaf key under it."""
    migrated.run("python", "manage.py", "rotate_signing_key")
    return Path(migrated.environment["HUBADMIN_VAR"]) / "ca" / "ca.pem"
