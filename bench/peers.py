"""What decides over HTTP beside Hubadmin: each on the server's core, one worker, on a free port."""

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg

from bench.machine import ON_SERVER_CORE
from bench.wrk import Requests
from tests import services
from tests.served import read_env
from tests.services.postgresql import create_database
from tests.services.process import answers_http, free_port, program, running, temporary_folder

ROOT = Path(__file__).parents[1]
CERBOS = ROOT / "var/bench/cerbos/node_modules/@cerbos/cerbos-linux-x64/cerbos-linux-x64"
GRANIAN = ["-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--workers", "1"]
SETTINGS = {"enabled": True, "allow_official_images": True, "allow_verified_publishers": False}
OFFICIAL = ("alpine", "nginx", "redis", "python")
PUBLISHERS = ("grafana/loki", "bitnami/redis", "datadog/agent", "hashicorp/vault")


@dataclass(frozen=True)
class Served:
    """A server: what to ask it, and the process that answers with all its children."""

    requests: Requests
    pid: int


@dataclass(frozen=True)
class Question:
    """An image that mel, a member of acme, wants to pull, and its category to acme."""

    image: str
    category: str


def questions() -> list[Question]:
    """Pulls as a build farm asks for them: many images, of each category as many."""
    found = []
    for number in range(16):
        found += [
            Question(f"docker.io/acme/app{number}:1.{number}", "organization"),
            Question(f"docker.io/library/{OFFICIAL[number % 4]}:{number}", "official"),
            Question(f"docker.io/{PUBLISHERS[number % 4]}:{number}", "verified_publisher"),
            Question(f"docker.io/randomdev{number}/tool:1.2", "community"),
        ]
    return found


def evaluations() -> list[str]:
    """The questions as bodies of the authorization API."""
    return [
        json.dumps(
            {
                "subject": {"type": "user", "id": "mel"},
                "action": {"name": "pull"},
                "resource": {"type": "image", "id": question.image},
            }
        )
        for question in questions()
    ]


@contextmanager
def nginx(locations: str) -> Iterator[tuple[str, int]]:
    """nginx with one worker and these locations; its address and process."""
    port = free_port()
    with temporary_folder("bench-nginx") as folder:
        config, log = folder / "nginx.conf", folder / "error.log"
        config.write_text(
            "daemon off; worker_processes 1; user root;\n"
            f"pid {folder}/pid; error_log {log} warn;\n"
            "events { worker_connections 512; }\n"
            "http { access_log off; keepalive_requests 1000000000;\n"
            f"{_server_around(port, locations)} }}\n"
        )
        command = [program("nginx", package="nginx"), "-p", str(folder), "-c", str(config)]
        with _on_server_core([*command, "-e", str(log)], log, port, "/") as pid:
            yield f"http://127.0.0.1:{port}", pid


def _server_around(port: int, locations: str) -> str:
    """A server block around the locations; what stands before a first `location` stays outside."""
    before, _, rest = locations.partition("location")
    return f"{before} server {{ listen 127.0.0.1:{port}; location{rest} }}"


@contextmanager
def nginx_constant() -> Iterator[Served]:
    """The ceiling: nginx, which answers with a constant."""
    constant = "location / { default_type application/json; return 200 '{\"decision\":false}'; }"
    with nginx(constant) as (url, pid):
        yield Served(Requests(url, bodies=evaluations()), pid)


@contextmanager
def bare_server() -> Iterator[Served]:
    """granian with an application that reads the body and answers with a constant."""
    with _granian("bench.constant:application", dict(os.environ), "/") as (url, pid):
        yield Served(Requests(url, bodies=evaluations()), pid)


@contextmanager
def cerbos() -> Iterator[Served]:
    """Cerbos with the same policy, spared reading the image and finding its category."""
    port, grpc = free_port(), free_port()
    bodies = [
        json.dumps(
            {
                "principal": {"id": "mel", "roles": ["member"]},
                "resources": [
                    {
                        "actions": ["pull"],
                        "resource": {
                            "kind": "image",
                            "id": question.image,
                            "attr": SETTINGS | {"category": question.category, "plan": "business"},
                        },
                    }
                ],
            }
        )
        for question in questions()
    ]
    with temporary_folder("bench-cerbos") as folder:
        command = [str(CERBOS), "server", "--log-level=ERROR"]
        command += [f"--set=server.httpListenAddr=127.0.0.1:{port}"]
        command += [f"--set=server.grpcListenAddr=127.0.0.1:{grpc}"]
        command += [f"--set=storage.disk.directory={ROOT / 'bench/cerbos/policies'}"]
        command += ["--set=telemetry.disabled=true", "--set=audit.enabled=false"]
        environment = os.environ | {"GOMAXPROCS": "1", "CERBOS_NO_TELEMETRY": "1"}
        log = folder / "log"
        with _on_server_core(command, log, port, "/_cerbos/health", environment) as pid:
            url = f"http://127.0.0.1:{port}"
            yield Served(_json(url, "/api/check/resources", bodies), pid)


@dataclass(frozen=True)
class Hubadmin:
    """Hubadmin with acme's rules in force: its address, its secrets, and its process."""

    url: str
    secrets: Mapping[str, str]
    environment: Mapping[str, str]
    pid: int
    start_seconds: float

    def evaluation(self) -> Served:
        """The complete decision: credential, reading, rules, pull log, metrics."""
        bearer = self.secrets["ACME_REGISTRY_TOKEN"]
        requests = _json(self.url, "/access/v1/evaluation", evaluations(), bearer)
        return Served(requests, self.pid)


@contextmanager
def hubadmin(*, workers: int = 1, prepare: Sequence[str] = ()) -> Iterator[Hubadmin]:
    """Hubadmin as it runs in production, on a database of its own with the demo's people.

    `prepare` are SQL statements to be run before it starts.
    """
    database = create_database(os.environ["DATABASE_URL"], f"bench_{free_port()}")
    env_file = Path(tempfile.mkdtemp()) / "demo.env"
    prepared: list[float] = []

    def load(site: services.Site) -> None:
        site.manage("load_demo", f"--env-file={env_file}")
        for statement in prepare:
            _execute(database, statement)
        prepared.append(time.monotonic())

    with services.site(
        database_url=database,
        redis_url=os.environ["REDIS_URL"],
        prepare=load,
        workers=workers,
        prefix=ON_SERVER_CORE,
        # As docs/administrators/deploy.md has it.
        server=(str(ROOT / "deploy/serve.py"),),
        options=("--blocking-threads", "16"),
    ) as site:
        secrets = read_env(env_file)
        started = time.monotonic() - prepared[0]
        served = Hubadmin(site.url, secrets, site.environment, site.pid, started)
        httpx.put(
            f"{site.url}/v2/orgs/acme/settings",
            json={"restricted_images": SETTINGS},
            headers={"Authorization": f"Bearer {secrets['OLIVIA_TOKEN']}"},
        ).raise_for_status()
        yield served


@contextmanager
def orm_view(beside: Hubadmin) -> Iterator[Served]:
    """A REST framework view on the same database as a running Hubadmin."""
    application = "bench.orm_view:application"
    with _granian(application, dict(beside.environment), "/healthz") as (url, pid):
        bearer = beside.secrets["ACME_REGISTRY_TOKEN"]
        yield Served(_json(url, "/evaluation", evaluations(), bearer), pid)


@contextmanager
def _granian(
    application: str, environment: dict[str, str], ready: str
) -> Iterator[tuple[str, int]]:
    port = free_port()
    with temporary_folder("bench-granian") as folder:
        command = [sys.executable, *GRANIAN, "--port", str(port), application]
        with _on_server_core(command, folder / "log", port, ready, environment) as pid:
            yield f"http://localhost:{port}", pid


@contextmanager
def _on_server_core(
    command: Sequence[str],
    log: Path,
    port: int,
    path: str,
    environment: Mapping[str, str] | None = None,
) -> Iterator[int]:
    def ready() -> bool:
        return answers_http(port, path) > 0

    with running(
        [*ON_SERVER_CORE, *command], log=log, ready=ready, env=environment, cwd=ROOT
    ) as process:
        yield process.pid


def _execute(database: str, statement: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(statement.encode())


def _json(url: str, path: str, bodies: Sequence[str], bearer: str | None = None) -> Requests:
    headers = {"Content-Type": "application/json"}
    if bearer:
        headers["Authorization"] = f"Bearer {bearer}"
    return Requests(url, [path], bodies, headers)
