"""What a site needs, from the figures that were measured: `python -m bench.sizing`.

Prints the tables of docs/administrators/sizing.md. Nothing is measured here.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.serve import HUBADMIN, TOKENS

RESULTS = Path(__file__).parent / "results"
SECONDS_A_MONTH = 30 * 24 * 3600
PEAK = 5  # times the average: builds keep office hours
SPARE = 2  # cores are planned to be half idle at the peak, for short answers
GIGABYTES_PER_LINE = 4.3 / 10_000_000  # docs/administrators/pull-log.md
SITES = (1_000_000, 100_000_000, 10_000_000_000)


@dataclass(frozen=True)
class Way:
    """A way in which pulls are asked about: how many answers a core gives, and one pull takes."""

    name: str
    per_core: float
    per_pull: int


def ways(lines: dict[str, Any]) -> list[Way]:
    """Both ways, as measured. A proxy asks at every request: a pull of ten layers is a dozen."""
    return [
        Way("token endpoint", lines[TOKENS]["per_second"], 1),
        Way("asked by a proxy at every request", lines[HUBADMIN]["per_second"], 12),
    ]


def main() -> None:
    """Print the tables as Markdown."""
    lines = json.loads((RESULTS / "serve.json").read_text())["lines"]
    print("| asked by | answers a second and core | processor time of one | memory of a worker |")
    print("| --- | --- | --- | --- |")
    for name in (HUBADMIN, TOKENS):
        line = lines[name]
        print(
            f"| {name.partition(': ')[2]} | {line['per_second']:,.0f} "
            f"| {line['processor_microseconds']:,.0f} µs | {line['megabytes']:,.0f} MB |"
        )
    print()
    print("| pulls a month | asked by | answers a second at the peak | cores | log a day |")
    print("| --- | --- | --- | --- | --- |")
    for pulls in SITES:
        for way in ways(lines):
            peak = pulls * way.per_pull * PEAK / SECONDS_A_MONTH
            cores = math.ceil(peak * SPARE / way.per_core)
            daily = pulls * way.per_pull / 30 * GIGABYTES_PER_LINE
            print(f"| {pulls:,} | {way.name} | {peak:,.0f} | {cores:,} | {daily:,.1f} GB |")


if __name__ == "__main__":
    main()
