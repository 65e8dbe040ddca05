"""`/metrics` of a site with several workers: whichever answers tells of all."""

import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.served import DemoSite
from tests.services.process import answers_http, free_port, running
from tests.services.site import CHECKOUT, SERVER

TOKEN = "of-a-test"
SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
ANSWERS = 40
Samples = dict[tuple[str, str], float]


@pytest.fixture
def url(site: DemoSite, tmp_path: Path) -> Iterator[str]:
    """Two more workers at the site's database, with a folder of their own for what they count."""
    port = free_port()
    command = [sys.executable, str(SERVER), "--interface", "wsgi"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", "2"]
    command += ["--workers-kill-timeout", "3", "--respawn-failed-workers"]
    with running(
        [*command, "hubadmin.wsgi:application"],
        log=tmp_path / "log",
        ready=lambda: answers_http(port, "/healthz") == 200,
        env={**site.environment, "HUBADMIN_METRICS_TOKEN": TOKEN, "TMPDIR": str(tmp_path)},
        cwd=CHECKOUT,
    ):
        yield f"http://localhost:{port}"
    assert [path.name for path in tmp_path.iterdir()] == ["log"]


def scrape(url: str, timeout: float = 10) -> Samples:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    answer = httpx.get(f"{url}/metrics", headers=bearer, timeout=timeout)
    found = SAMPLE.findall(answer.raise_for_status().text)
    return {(name, labels): float(value) for name, labels, value in found}


def pids(samples: Samples) -> set[int]:
    """The workers that tell how old their news is."""
    labels = [labels for name, labels in samples if name == "hubadmin_facts_age_seconds"]
    return {int(one.removeprefix('pid="').removesuffix('"')) for one in labels}


def within(seconds: float, holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def counted(samples: Samples) -> float:
    asked = 'path="/access/v1/evaluation",status="200"'
    return samples["hubadmin_protocol_answer_seconds_count", asked]


def test_any_worker_tells_of_all_that_live_and_what_all_have_counted(
    url: str, site: DemoSite
) -> None:
    within(10, lambda: len(pids(scrape(url))) == 2)
    for _ in range(ANSWERS):
        httpx.post(
            f"{url}/access/v1/evaluation",
            headers={"Authorization": f"Bearer {site.env['ACME_REGISTRY_TOKEN']}"},
            json={
                "subject": {"type": "user", "id": "mel"},
                "action": {"name": "pull"},
                "resource": {"type": "image", "id": "alpine"},
            },
        ).raise_for_status()
    assert {counted(scrape(url)) for _ in range(10)} == {ANSWERS}
    before = pids(scrape(url))
    asleep = min(before)
    os.kill(asleep, signal.SIGSTOP)
    time.sleep(1.5)
    assert age_told_by_the_other(url, asleep) > 1
    os.kill(asleep, signal.SIGKILL)
    within(15, lambda: len(pids(scrape(url)) - before) == 1)
    assert asleep not in pids(scrape(url))
    assert counted(scrape(url)) == ANSWERS


def age_told_by_the_other(url: str, asleep: int) -> float:
    """How old a sleeping worker's news is: some connections go to that very one, and wait."""
    for _ in range(20):
        with suppress(httpx.TimeoutException):
            told = scrape(url, timeout=0.5)
            return told["hubadmin_facts_age_seconds", f'pid="{asleep}"']
    raise AssertionError("Nobody is awake.")
