"""Hold the decision to the reference model on very many random cases: `python -m bench.agree`.

A difference ends it with the case. It also asserts that every rule answered and that every row of
every table was reached, so that agreeing means something.
"""

import argparse
import json
import os
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import reduce
from operator import add
from pathlib import Path

from permissions.core.policy import Rule
from tests.permissions.core.agreement import EVERY_PLACE, Place, compare
from tests.permissions.core.random_cases import random_cases

RESULTS = Path(__file__).parent / "results"
SHARE = 5_000

Counts = tuple[Counter[Rule], Counter[Place], float]


def main() -> None:
    """Compare the cases of as many seeds as the number asks for, print and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=200_000)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    options = parser.parse_args()
    seeds = range(options.first_seed, options.first_seed + -(-options.cases // SHARE))
    began = time.monotonic()
    with ProcessPoolExecutor(options.processes) as pool:
        counts = list(pool.map(_share, seeds))
    elapsed = time.monotonic() - began
    rules = reduce(add, (each[0] for each in counts))
    places = reduce(add, (each[1] for each in counts))
    assert set(rules) == set(Rule), set(Rule) - set(rules)
    assert set(places) == EVERY_PLACE, EVERY_PLACE - set(places)
    _report(len(seeds) * SHARE, rules, places, elapsed, sum(each[2] for each in counts))


def _share(seed: int) -> Counts:
    began = time.process_time()
    rules, places = compare(random_cases(seed, SHARE))
    return rules, places, time.process_time() - began


def _report(
    cases: int, rules: Counter[Rule], places: Counter[Place], elapsed: float, busy: float
) -> None:
    print(f"{cases:,} cases agree; every rule and all {len(EVERY_PLACE)} rows were reached.")
    print(f"{elapsed:.0f} s elapsed, {busy:.0f} s of processor time.\n")
    for rule, count in rules.most_common():
        print(f"{rule:32}{count:>10,}")
    (rarest, times) = min(places.items(), key=lambda place: place[1])
    print(f"\nThe row reached least, {times:,} times: {rarest[0]}, row {rarest[1] + 1}.")
    RESULTS.mkdir(exist_ok=True)
    kept = {
        "cases": cases,
        "differences": 0,
        "processor_seconds": round(busy, 1),
        "rules": dict(rules.most_common()),
        "rows_reached": len(places),
        "least_reached": times,
    }
    (RESULTS / "agree.json").write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
