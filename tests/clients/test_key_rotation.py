"""Signing keys change while a registry is pulled from, and nobody notices."""

import base64
import json
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests import services
from tests.clients.images import OWN
from tests.served import DemoSite
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


def site_manage(site: DemoSite, *arguments: str) -> None:
    run_to_end([sys.executable, str(CHECKOUT / "manage.py"), *arguments], env=site.environment)
