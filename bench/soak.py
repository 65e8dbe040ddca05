"""Eight workers on four machines while rules change and the network fails, for as long as it takes.

`script/soak`. Fails if an answer is stale for who passed the version, if less than 99 % are in
force within 250 ms, or if one is later than a second while the network holds.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from bench.machine import machine
from permissions.snapshots.store import LEASE_SECONDS
from tests.faults import scenario
from tests.faults.fleet import fleet

RESULTS = Path(__file__).parent / "results" / "soak.json"


def main() -> int:
    parser = argparse.ArgumentParser(description="The fault test, for longer.")
    parser.add_argument("--changes", type=int, default=10_000)
    changes = parser.parse_args().changes
    with fleet(os.environ["DATABASE_URL"], os.environ["REDIS_URL"]) as workers:
        ran = scenario.run(workers, changes, lease=LEASE_SECONDS)
        told = scenario.figures(workers, ran)
        told["guesses_after_the_lease"] = len(scenario.guesses(workers, ran, LEASE_SECONDS))
        told["refusals_after_the_lease"] = scenario.refusals(ran, LEASE_SECONDS)
    for name, value in told.items():
        print(f"{name.replace('_', ' '):36}{value}")
    RESULTS.write_text(json.dumps({"machine": machine(), "figures": told}, indent=1) + "\n")
    held = (
        told["stale_to_who_passed_the_version"] == told["untrue_for_their_version"] == 0
        and told["guesses_after_the_lease"] == 0 < told["refusals_after_the_lease"]
        and told["share_within_250_ms"] >= 0.99
        and told["longest_ms"] <= 1000
    )
    print("Held." if held else "Not held.")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
