"""What the pull log costs a question: the same questions with and without it, in one run.

`python -m tests.services run -- python -m bench.pull_log`. All servers run at once and are
asked in turns. What counts is the processor time of a server's own processes, the writer's thread
and all: the time a question takes depends on whatever else the machine does. `control` is a second
server without: how far it is from the first says how much of a difference means nothing.
"""

import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx

from tests import services
from tests.served import read_env
from tests.services.postgresql import create_database
from tests.services.site import SERVER

ROUNDS, QUESTIONS, THREADS, SETTLE = 10, 100, 4, 0.7
RESULTS = Path(__file__).parent / "results" / "pull_log.json"
WITHOUT = "bench.without_pull_log"

Ask = Callable[[], httpx.Response]
Site = tuple[str, Ask]


def served(stack: ExitStack, name: str, module: str) -> tuple[str, dict[str, str]]:
    """A site of its own on an empty database; its address and its demo's secrets."""
    env_file = Path(tempfile.mkdtemp()) / "demo.env"
    site = stack.enter_context(
        services.site(
            database_url=create_database(os.environ["DATABASE_URL"], f"bench_{name}"),
            redis_url=os.environ["REDIS_URL"],
            prepare=lambda site: prepare(site, env_file),
            application=module,
        )
    )
    return site.url, read_env(env_file)


def prepare(site: services.Site, env_file: Path) -> None:
    site.manage("load_demo", f"--env-file={env_file}")


def questions(url: str, env: dict[str, str]) -> dict[str, Ask]:
    client = httpx.Client(base_url=url, timeout=30)
    body = {
        "subject": {"type": "user", "id": "mel"},
        "action": {"name": "pull"},
        "resource": {"type": "image", "id": "docker.io/randomdev/tool:1.2"},
    }
    bearer = {"Authorization": f"Bearer {env['ACME_REGISTRY_TOKEN']}"}
    params = {"service": "acme", "scope": "repository:randomdev/tool:pull"}
    return {
        "/access/v1/evaluation": lambda: client.post(
            "/access/v1/evaluation", json=body, headers=bearer
        ),
        "/auth/token": lambda: client.get(
            "/auth/token", params=params, auth=("mel", env["MEL_TOKEN"])
        ),
    }


def round_of(ask: Ask) -> list[float]:
    def timed(_: int) -> float:
        started = time.perf_counter()
        answer = ask()
        took = time.perf_counter() - started
        assert answer.status_code == 200, answer.text
        return took * 1000

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(timed, range(QUESTIONS)))


def processor_seconds(port: str) -> float:
    """What all processes of the site on this port have used of the processors so far."""
    ticks = 0
    for folder in Path("/proc").iterdir():
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if bytes(SERVER) in words and port.encode() in words:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
        except (OSError, IndexError):
            continue  # no process, or one that has just ended
    return ticks / os.sysconf("SC_CLK_TCK")


def measured(sites: dict[str, Site]) -> dict[str, Any]:
    """Ask all sites in turns, each first as often as last."""
    times: dict[str, list[float]] = {name: [] for name in sites}
    used = dict.fromkeys(sites, 0.0)
    for number in range(-1, ROUNDS):
        order = list(sites) if number % 2 else list(reversed(sites))
        for name in order:
            port, ask = sites[name]
            before = processor_seconds(port)
            taken = round_of(ask)
            time.sleep(SETTLE)  # what was put off till later counts as well
            if number >= 0:  # the first round warms up
                times[name] += taken
                used[name] += processor_seconds(port) - before
    results: dict[str, Any] = {
        name: {
            "cpu_ms": round(used[name] * 1000 / len(times[name]), 3),
            "median_ms": round(statistics.median(times[name]), 2),
            "p99_ms": round(statistics.quantiles(times[name], n=100)[98], 2),
        }
        for name in sites
    }
    for name in ("with", "control"):
        results[f"{name}_to_without"] = {
            key: round(results[name][key] / results["without"][key], 3)
            for key in ("cpu_ms", "median_ms")
        }
    return results


def main() -> None:
    with ExitStack() as stack:
        asked = {
            name: served(stack, name, module)
            for name, module in (
                ("without", f"{WITHOUT}:application"),
                ("with", "hubadmin.wsgi:application"),
                ("control", f"{WITHOUT}:application"),
            )
        }
        results = {}
        for path in ("/access/v1/evaluation", "/auth/token"):
            sites = {
                name: (url.rpartition(":")[2], questions(url, env)[path])
                for name, (url, env) in asked.items()
            }
            results[path] = measured(sites)
            print(path, json.dumps(results[path], indent=1))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
