"""Signing keys change while a registry is pulled from, and nobody notices."""

import base64
import json
import os
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from tests import services
from tests.clients.images import OWN
from tests.served import DemoSite, read_env
from tests.services.postgresql import create_database
from tests.services.process import answers_http, free_port, run_to_end, running, temporary_folder
from tests.services.site import CHECKOUT

PULLS_BETWEEN = 5


@contextmanager
def another_machine(site: DemoSite) -> Iterator[int]:
    """A worker that starts now, and so signs with the newest key before the others do; its port."""
    port = free_port()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--workers-kill-timeout", "3", "hubadmin.wsgi:application"]
    with temporary_folder("worker") as folder:

        def ready() -> bool:
            return answers_http(port, "/readyz") == 200

        log = folder / "log"
        with running(command, log=log, ready=ready, env=site.environment, cwd=CHECKOUT):
            yield port


class Pulling:
    """Mel pulls a manifest again and again, by tokens of each of several workers in turn."""

    def __init__(self, site: DemoSite, registry: services.Registry) -> None:
        self.ports = [site.port]
        self.keys: Counter[str] = Counter()
        self.failed: list[str] = []
        self._auth = ("mel", site.env["MEL_TOKEN"])
        self._registry = registry
        self._ended = threading.Event()
        self._progress = threading.Condition()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Pulling":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def go_on(self) -> None:
        """Wait until each worker's tokens have been used a few more times."""
        until = self.keys.total() + PULLS_BETWEEN * len(self.ports)
        with self._progress:
            assert self._progress.wait_for(lambda: self.keys.total() >= until, timeout=30)

    def _run(self) -> None:
        while not self._ended.is_set():
            for port in list(self.ports):
                self._pull(port)
                with self._progress:
                    self._progress.notify_all()

    def _pull(self, port: int) -> None:
        params = {"service": "acme", "scope": f"repository:{OWN}:pull"}
        answer = httpx.get(
            f"http://localhost:{port}/auth/token", params=params, auth=self._auth, timeout=10
        )
        token = answer.json().get("token", "")
        pulled = httpx.get(
            f"{self._registry.url}/v2/{OWN}/manifests/latest",
            headers={
                "Authorization": f"Bearer {token}",
                "Accept": "application/vnd.oci.image.manifest.v1+json",
            },
        )
        if pulled.status_code != 200:
            self.failed.append(f"{answer.status_code} {pulled.status_code} {pulled.text}")
        self.keys[_key_id(token)] += 1


def _key_id(token: str) -> str:
    header = token.partition(".")[0]
    key_id: str = json.loads(base64.urlsafe_b64decode(header + "=="))["kid"]
    return key_id


def test_no_pull_fails_while_keys_change(
    site: DemoSite, acme_registry: services.Registry, ca_bundle: Path
) -> None:
    bundle = ca_bundle.read_bytes()
    with Pulling(site, acme_registry) as pulling:
        pulling.go_on()
        for keys in (2, 3):
            site_manage(site, "rotate_signing_key")
            with another_machine(site) as port:
                # For half a minute some workers sign with the new key, some with the old one.
                pulling.ports.append(port)
                pulling.go_on()
                pulling.ports.remove(port)
                pulling.go_on()
            assert len(pulling.keys) == keys

    assert pulling.failed == []
    # The registry was not told of anything: what it trusts has stayed the same.
    assert httpx.get(f"{site.url}/auth/ca.pem").content == bundle


@pytest.fixture(scope="module")
def another_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoSite]:
    """A site of its own, as its registries' authority goes."""
    ports = {service: free_port() for service in ("acme", "hub")}
    env_file = tmp_path_factory.mktemp("demo") / "demo.env"

    def load_demo(site: services.Site) -> None:
        site.manage(
            "load_demo",
            f"--env-file={env_file}",
            f"--acme-registry-host=localhost:{ports['acme']}",
            f"--site-registry-host=localhost:{ports['hub']}",
        )

    database = create_database(os.environ["DATABASE_URL"], f"hubadmin_ca_{os.getpid()}")
    with services.site(
        database_url=database, redis_url=os.environ["REDIS_URL"], prepare=load_demo, workers=1
    ) as site:
        env = read_env(env_file)
        yield DemoSite(site.url, site.port, env, site.log, ports, site.environment)


@pytest.mark.usefixtures("images")
def test_no_pull_fails_while_the_authority_changes(
    another_site: DemoSite, storage: Path, tmp_path: Path
) -> None:
    site = another_site
    with ExitStack() as stack:

        def registry_trusting_what_is_handed_out() -> services.Registry:
            bundle = tmp_path / f"{free_port()}.pem"
            bundle.write_bytes(httpx.get(f"{site.url}/auth/ca.pem").raise_for_status().content)
            auth = services.TokenAuth(f"{site.url}/auth/token", "acme", site.url, str(bundle))
            return stack.enter_context(services.registry(storage, auth=auth))

        before = registry_trusting_what_is_handed_out()
        site_manage(site, "rotate_signing_key", "--announce-authority")
        told = registry_trusting_what_is_handed_out()
        with Pulling(site, before) as pulling:
            pulling.go_on()  # it signs under the old authority still
        assert pulling.failed == []

        with Pulling(site, told) as pulling:
            pulling.go_on()
            site_manage(site, "rotate_signing_key", "--switch-authority")
            after = registry_trusting_what_is_handed_out()
            with another_machine(site) as port:
                pulling.ports.append(port)
                pulling.go_on()
                pulling.ports.remove(port)
                pulling.go_on()
        assert pulling.failed == []
        assert len(pulling.keys) == 2

        with another_machine(site) as port:
            # Only now does a registry that was not told refuse.
            for registry, refused in ((told, False), (after, False), (before, True)):
                with Pulling(site, registry) as pulling:
                    pulling.ports[:] = [port]
                    pulling.go_on()
                assert bool(pulling.failed) is refused

    site_manage(site, "rotate_signing_key", "--forget-old-authority")
    assert httpx.get(f"{site.url}/auth/ca.pem").text.count("BEGIN CERTIFICATE") == 1


def site_manage(site: DemoSite, *arguments: str) -> None:
    run_to_end([sys.executable, str(CHECKOUT / "manage.py"), *arguments], env=site.environment)
