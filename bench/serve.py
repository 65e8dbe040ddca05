"""Decisions and tokens over HTTP, beside what else could answer: `script/bench serve`.

All servers run at once on one core, and are asked in turns by wrk on another, so that each round
compares like with like. A figure is the median of the rounds; machines differ, so read ratios.
"""

import argparse
import json
import statistics
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench import peers
from bench.machine import machine, processor_seconds, resident_megabytes
from bench.plot import bars
from bench.signing import signatures_per_second
from bench.tokens import static_file, tokens
from bench.wrk import Load, load

RESULTS = Path(__file__).parent / "results"
ROUNDS, SECONDS, WARM_UP = 5, 8, 2

HUBADMIN = "Hubadmin: a complete decision"
BARE = "granian: a constant"
CEILING = "nginx: a constant"
CERBOS = "Cerbos: the same policy"
ORM = "REST framework view with the ORM"
TOKENS = "Hubadmin: /auth/token"
PLAIN_FILE = "nginx: a static file"
ASKED_FILE = "nginx: the file, Hubadmin asked by auth_request"


def main() -> None:
    """Measure, print a table, and keep it as JSON and as a plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    options = parser.parse_args()
    before = machine()
    with ExitStack() as stack:
        ours = stack.enter_context(peers.hubadmin())
        servers = {
            CEILING: stack.enter_context(peers.nginx_constant()),
            BARE: stack.enter_context(peers.bare_server()),
            HUBADMIN: ours.evaluation(),
            CERBOS: stack.enter_context(peers.cerbos()),
            ORM: stack.enter_context(peers.orm_view(ours)),
            TOKENS: tokens(ours),
            PLAIN_FILE: stack.enter_context(static_file()),
            ASKED_FILE: stack.enter_context(static_file(ours)),
        }
        lines = _rounds(servers, options.rounds, options.seconds)
        lines[HUBADMIN] |= _at_half(ours.evaluation(), lines[HUBADMIN]["per_second"])
    signing = statistics.median(signatures_per_second() for _ in range(options.rounds))
    goals = _ratios(lines, signing)
    _print(lines, goals)
    kept = {"machine": before, "rounds": options.rounds, "seconds": options.seconds}
    kept |= {"signatures_per_second": round(signing), "ratios": goals, "lines": lines}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "serve.json").write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    plotted = [(name, line["per_second"]) for name, line in lines.items()]
    (RESULTS / "serve.svg").write_text(bars("answers per second", plotted), encoding="utf-8")


def _rounds(
    servers: Mapping[str, peers.Served], rounds: int, seconds: float
) -> dict[str, dict[str, float]]:
    """Ask all servers in turns, first forwards, then backwards; the first, short turn warms up."""
    loads: dict[str, list[Load]] = {name: [] for name in servers}
    spent: dict[str, list[float]] = {name: [] for name in servers}
    for server in servers.values():
        load(server.requests, seconds=WARM_UP)
    for number in range(rounds):
        for name in list(servers) if number % 2 else reversed(list(servers)):
            server = servers[name]
            used, began = processor_seconds(server.pid), time.monotonic()
            measured = load(server.requests, seconds=seconds)
            answers = measured.per_second * (time.monotonic() - began)
            loads[name].append(measured)
            spent[name].append((processor_seconds(server.pid) - used) / answers * 1e6)
    return {
        name: {
            **{
                field: round(statistics.median(getattr(each, field) for each in loads[name]), 3)
                for field in ("per_second", "p50", "p99", "p999")
            },
            "processor_microseconds": round(statistics.median(spent[name]), 1),
            "megabytes": round(resident_megabytes(servers[name].pid)),
        }
        for name in servers
    }


def _at_half(server: peers.Served, top: float) -> dict[str, float]:
    """How long answers take when only half as many are asked for as could be had."""
    measured = load(server.requests, seconds=SECONDS, per_second=top / 2)
    return {
        "half_per_second": round(measured.per_second),
        "half_p50": measured.p50,
        "half_p99": measured.p99,
    }


def _ratios(lines: Mapping[str, Mapping[str, float]], signing: float) -> dict[str, float]:
    def ratio(one: str, other: str) -> float:
        return round(lines[one]["per_second"] / lines[other]["per_second"], 3)

    return {
        "decisions to the bare server's constant": ratio(HUBADMIN, BARE),
        "decisions to nginx' constant": ratio(HUBADMIN, CEILING),
        "decisions to Cerbos": ratio(HUBADMIN, CERBOS),
        "decisions to the view with the ORM": ratio(HUBADMIN, ORM),
        "tokens to raw signatures": round(lines[TOKENS]["per_second"] / signing, 3),
        "a file that is asked about to a plain one": ratio(ASKED_FILE, PLAIN_FILE),
    }


def _print(lines: Mapping[str, Mapping[str, Any]], goals: Mapping[str, float]) -> None:
    print(f"{'':50}{'per second':>11}{'p50 ms':>9}{'p99 ms':>9}{'p99.9':>9}{'CPU us':>9}{'MB':>6}")
    for name, line in lines.items():
        print(
            f"{name:50}{line['per_second']:>11,.0f}{line['p50']:>9.2f}{line['p99']:>9.2f}"
            f"{line['p999']:>9.2f}{line['processor_microseconds']:>9,.0f}{line['megabytes']:>6,.0f}"
        )
    half = lines[HUBADMIN]
    print(f"At {half['half_per_second']:,} decisions a second: p99 {half['half_p99']:.2f} ms")
    for name, ratio in goals.items():
        print(f"{name:50}{ratio:>11.2f}")


if __name__ == "__main__":
    main()
