"""Does a decision take longer as a site grows? `script/bench growth`

Each line is Hubadmin on one core with a site of one size, beside the smallest of its kind in the
same run: organizations, blocks of one organization, catalogue entries, workers. Rows are written
to the database by statements of their own, as no operation makes a million organizations soon.
"""

import argparse
import json
import statistics
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import peers
from bench.machine import machine, resident_megabytes
from bench.plot import bars
from bench.wrk import load

RESULTS = Path(__file__).parent / "results"
ROUNDS, SECONDS = 5, 5

# Rows are made of one that an operation made, so that they have all columns that there are.
ORGANIZATIONS = """
SET session_replication_role = replica;
CREATE TEMPORARY TABLE made AS SELECT n, 1000000 + n AS id, 'o' || n AS name
FROM generate_series(1, {number}) AS n;
INSERT INTO orgs_organization SELECT (jsonb_populate_record(
    acme, jsonb_build_object('id', made.id, 'name', made.name, 'docker_organization', made.name)
)).* FROM made, orgs_organization AS acme WHERE acme.name = 'acme';
INSERT INTO permissions_imageaccesspolicy SELECT (jsonb_populate_record(
    policy, jsonb_build_object('organization_id', made.id)
)).* FROM made, permissions_imageaccesspolicy AS policy
JOIN orgs_organization AS acme ON acme.id = policy.organization_id WHERE acme.name = 'acme';
INSERT INTO permissions_namespace SELECT (jsonb_populate_record(
    namespace,
    jsonb_build_object('id', made.id, 'organization_id', made.id, 'path', made.name)
)).* FROM made, permissions_namespace AS namespace WHERE namespace.path = 'acme';
ANALYZE;
"""
BLOCKS = """
INSERT INTO permissions_ownrule
    (organization_id, effect, target, reason, created_at, created_by, former_team, ended_by)
SELECT id, 'block', 'docker.io/blocked' || n || '/*', '', now(), 'olivia', '', ''
FROM orgs_organization, generate_series(1, {number}) AS n WHERE name = 'acme';
"""
ENTRIES = """
INSERT INTO permissions_catalogentry (path, kind, title, description)
SELECT 'publisher' || n, 'verified_publisher', 'Publisher ' || n, ''
FROM generate_series(1, {number}) AS n;
"""


@dataclass(frozen=True)
class Size:
    """A site of some size: the statement that makes it so, and its workers."""

    kind: str
    number: int
    statements: tuple[str, ...] = ()
    workers: int = 1


def sizes() -> list[Size]:
    """All sites that are measured, the smallest of each kind first."""
    found = []
    for kind, statement, numbers in (
        ("organizations", ORGANIZATIONS, (1_000, 1_000_000)),
        ("blocks", BLOCKS, (1, 10_000)),
        ("catalogue entries", ENTRIES, (10, 100_000)),
    ):
        found += [Size(kind, number, (statement.format(number=number),)) for number in numbers]
    return [*found, Size("workers", 1), Size("workers", 4, workers=4)]


def main() -> None:
    """Measure, print a table, and keep it as JSON and as a plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    before = machine()
    lines: list[dict[str, Any]] = []
    kinds = dict.fromkeys(size.kind for size in sizes())
    for kind in kinds:
        lines += _side_by_side([size for size in sizes() if size.kind == kind], options.rounds)
    print(f"{'':20}{'how many':>12}{'per second':>12}{'of least':>10}{'start s':>9}{'MB':>7}")
    for line in lines:
        print(
            f"{line['kind']:20}{line['number']:>12,}{line['per_second']:>12,.0f}"
            f"{line['to_least']:>10.2f}{line['start_seconds']:>9.2f}{line['megabytes']:>7,.0f}"
        )
    RESULTS.mkdir(exist_ok=True)
    kept = {"machine": before, "rounds": options.rounds, "lines": lines}
    (RESULTS / "growth.json").write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    plotted = [(f"{each['number']:,} {each['kind']}", each["per_second"]) for each in lines]
    (RESULTS / "growth.svg").write_text(bars("decisions per second", plotted), encoding="utf-8")


def _side_by_side(sizes: Sequence[Size], rounds: int) -> list[dict[str, Any]]:
    """Serve all sizes at once and ask them in turns."""
    with ExitStack() as stack:
        served = []
        for size in sizes:
            site = stack.enter_context(
                peers.hubadmin(workers=size.workers, prepare=size.statements)
            )
            load(site.evaluation().requests, seconds=2)
            served.append(site)
        rates: list[list[float]] = [[] for _ in sizes]
        for number in range(rounds):
            for place in range(len(sizes)) if number % 2 else reversed(range(len(sizes))):
                measured = load(served[place].evaluation().requests, seconds=SECONDS)
                rates[place].append(measured.per_second)
        medians = [statistics.median(each) for each in rates]
        return [
            {
                "kind": size.kind,
                "number": size.number,
                "per_second": round(median),
                "to_least": round(median / medians[0], 3),
                "start_seconds": round(site.start_seconds, 2),
                "megabytes": round(resident_megabytes(site.pid)),
            }
            for size, median, site in zip(sizes, medians, served, strict=True)
        ]


if __name__ == "__main__":
    main()
