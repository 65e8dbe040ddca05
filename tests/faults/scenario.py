"""What is done to a fleet while its rules change, and what its answers are held against."""

import math
import time
from dataclasses import dataclass, field
from typing import Any

from tests.faults.fleet import RULES, Answer, Fleet, Worker

LOST, DOUBLED, LONGEST_DELAY = 0.3, 0.3, 0.2
TIME_TO_MEND = 8.0
"""How long a machine may need, once its link is back, to reach the database again."""


@dataclass
class Outage:
    """When a machine's link was cut, and when everything should have been well again."""

    workers: list[Worker]
    cut: float
    well: float = math.inf


@dataclass
class Ran:
    changes: int = 0
    outages: list[Outage] = field(default_factory=list)


def trouble(fleet: Fleet) -> None:
    """From now on the wires lose, double and hold back notifications, each machine's its own."""
    for wire in fleet.wires:
        wire.loses, wire.doubles, wire.delays = LOST, DOUBLED, LONGEST_DELAY


def run(fleet: Fleet, changes: int, *, lease: float) -> Ran:
    """Change rules all the while: a third with bad wires, a third with a worker that sleeps now and
    then, a third with a machine that is cut off until after its lease."""
    ran, third = Ran(), changes // 3
    trouble(fleet)
    change(fleet, ran, third)
    sleeper = fleet.workers[0]
    for _ in range(3):
        sleeper.pause()
        change(fleet, ran, third // 3)
        sleeper.wake()
        time.sleep(0.2)
    lonely = fleet.workers[-1].machine
    lonely.cut()
    # Only now: a look that began before the link was down may have extended the lease.
    outage = Outage([one for one in fleet.workers if one.machine is lonely], time.monotonic())
    ran.outages.append(outage)
    change(fleet, ran, changes - ran.changes)
    time.sleep(max(0.0, outage.cut + lease + 4 - time.monotonic()))
    outage.well = time.monotonic() + TIME_TO_MEND
    lonely.mend()
    time.sleep(TIME_TO_MEND + 1)
    return ran


def change(fleet: Fleet, ran: Ran, count: int) -> None:
    for _ in range(count):
        fleet.change()
        ran.changes += 1
        time.sleep(0.03)


def stale(fleet: Fleet) -> list[Answer]:
    """Answers older than what their caller had said to have seen."""
    return [one for one in _given(fleet) if one.version < one.seen]


def untrue(fleet: Fleet) -> list[Answer]:
    """Answers that carry a version and another version's rule."""
    states = fleet.history.states
    return [one for one in _given(fleet) if RULES[states[one.version]] != one.rule]


def guesses(fleet: Fleet, ran: Ran, lease: float) -> list[Answer]:
    """Answers of workers that were cut off for longer than their lease."""
    return [
        one
        for outage in ran.outages
        for worker in outage.workers
        for one in worker.answers
        if one.status == 200
        # Asked before the link was back and answered after is no guess.
        and outage.cut + lease < one.sent
        and one.came < outage.well - TIME_TO_MEND
    ]


def refusals(ran: Ran, lease: float) -> int:
    """How often workers that were cut off said that they can't know (503)."""
    return sum(
        outage.cut + lease < one.sent < outage.well and one.status == 503
        for outage in ran.outages
        for worker in outage.workers
        for one in worker.answers
    )


def figures(fleet: Fleet, ran: Ran) -> dict[str, Any]:
    """How long after its commit a change was still not in force, where the network held."""
    away = {id(worker): outage for outage in ran.outages for worker in outage.workers}
    late = sorted(
        _lateness(fleet, one)
        for worker in fleet.workers
        for one in worker.answers
        if one.status == 200
        and not (id(worker) in away and away[id(worker)].cut < one.sent < away[id(worker)].well)
    )
    return {
        "workers": len(fleet.workers),
        "changes": ran.changes,
        "answers": len(late),
        "notifications_lost": sum(wire.lost for wire in fleet.wires),
        "notifications_doubled": sum(wire.doubled for wire in fleet.wires),
        "notifications_delayed": sum(wire.delayed for wire in fleet.wires),
        "stale_to_who_passed_the_version": len(stale(fleet)),
        "untrue_for_their_version": len(untrue(fleet)),
        "share_within_250_ms": round(sum(one <= 0.25 for one in late) / len(late), 5),
        "longest_ms": round(late[-1] * 1000),
    }


def _lateness(fleet: Fleet, answer: Answer) -> float:
    """How long the first change that the answer misses had been acknowledged when it was asked."""
    missed = fleet.history.acknowledged.get(answer.version + 1, math.inf)
    return max(0.0, answer.sent - missed)


def _given(fleet: Fleet) -> list[Answer]:
    return [one for worker in fleet.workers for one in worker.answers if one.status == 200]
