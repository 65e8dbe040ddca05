"""A worker that lags is named by Org Permissions and the API until it has caught up."""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.steps import ORG_PERMISSIONS, accessibility_violations, save, switch
from tests.faults.fleet import _descendants
from tests.served import DemoSite
from tests.services.process import answers_http, free_port, running
from tests.services.site import CHECKOUT

IAM = "Image Access Management"
FORGET = """
from permissions.worker_models import WorkerReport
WorkerReport.objects.all().delete()
"""


@pytest.fixture
def another(site: DemoSite, tmp_path: Path) -> Iterator[int]:
    """The process id of a worker on a port of its own, so that no page waits for it."""
    port = free_port()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--workers", "1", "--workers-kill-timeout", "3"]
    with running(
        [*command, "hubadmin.wsgi:application"],
        log=tmp_path / "log",
        ready=lambda: answers_http(port, "/healthz") == 200,
        env=site.environment,
        cwd=CHECKOUT,
    ) as process:
        # Those that other tests have killed; who lives reports again soon.
        site.manage("shell", "--verbosity=0", "--command", FORGET)
        within(10, lambda: len(propagation(site)["workers"]) == 3)
        [worker] = _pids(site).intersection(_descendants(process.pid))
        yield worker
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGCONT)
    # One that ends in order is waited for by nobody.
    assert worker not in _pids(site)


def propagation(site: DemoSite) -> dict[str, Any]:
    answer = httpx.get(
        f"{site.url}/api/v1/orgs/acme/propagation",
        headers={"Authorization": f"Bearer {site.env['OLIVIA_TOKEN']}"},
    )
    body: dict[str, Any] = answer.raise_for_status().json()
    return body


def _pids(site: DemoSite) -> set[int]:
    return {worker["pid"] for worker in propagation(site)["workers"]}


def within(seconds: float, holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.usefixtures("set_policy")
@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_worker_that_sleeps_is_named_until_it_has_caught_up(
    visit: Visit, site: DemoSite, another: int, scripts: bool
) -> None:
    olivia = visit("olivia", java_script_enabled=scripts)
    olivia.goto(ORG_PERMISSIONS)
    everywhere = olivia.get_by_text("In force on all 3 workers")
    expect(everywhere).to_be_visible()

    os.kill(another, signal.SIGSTOP)
    switch(olivia, IAM).check()
    save(olivia)
    waiting = olivia.get_by_text(
        f"In force on 2 of 3 workers; waiting for {socket.gethostname()} ({another})."
    )
    if not scripts:
        within(5, lambda: propagation(site)["workers_in_force"] == 2)
        olivia.get_by_role("link", name="Look again").click()
    expect(waiting).to_be_visible()
    told = propagation(site)
    [behind] = [worker for worker in told["workers"] if not worker["in_force"]]
    assert (behind["pid"], behind["policy_version"]) == (another, told["policy_version"] - 1)
    if scripts:
        assert accessibility_violations(olivia) == []

    os.kill(another, signal.SIGCONT)
    within(2, lambda: propagation(site)["in_force_everywhere"])
    if not scripts:
        olivia.get_by_role("link", name="Look again").click()
    expect(everywhere).to_be_visible()
