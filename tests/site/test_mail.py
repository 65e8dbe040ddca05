"""An e-mail's whole way: a page puts it into Redis, the worker takes it out and sends it."""

import time
from pathlib import Path

import httpx

from tests import services
from tests.conftest import post
from tests.served import DemoSite

PATIENCE = 20


def test_a_password_reset_leaves_by_the_worker(site: DemoSite, tmp_path: Path) -> None:
    with httpx.Client(base_url=site.url) as gus:
        assert post(gus, "/accounts/password/reset/", email="gus@example.com").is_redirect

    # It waited in the queue: there was no worker yet.
    log = tmp_path / "log"
    with services.worker(site.environment, log):
        deadline = time.monotonic() + PATIENCE
        while "To: gus@example.com" not in log.read_text():
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        assert f"{site.url}/accounts/password/reset/key/" in log.read_text()
