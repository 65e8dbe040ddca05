"""A change is in force on every machine, whatever the network does; and this would show if not."""

import os
import sys
from collections.abc import Callable

from tests.faults import scenario
from tests.faults.fleet import fleet
from tests.served import required

LEASE = 4.0


def test_no_stale_answer_whatever_the_network_does(
    record_testsuite_property: Callable[[str, object], None],
) -> None:
    with (
        required(),
        fleet(
            os.environ["DATABASE_URL"],
            os.environ["REDIS_URL"],
            variables={"HUBADMIN_TEST_LEASE": str(LEASE)},
        ) as workers,
    ):
        ran = scenario.run(workers, 210, lease=LEASE)
        told = scenario.figures(workers, ran)
        # How soon is asserted by script/soak: beside other tests the processors are taken.
        record_testsuite_property("in_force", told)
        sys.stdout.write(f"{told}\n")  # shown when one of these fails
        assert len(workers.workers) == 8
        assert told["answers"] > 500
        assert told["notifications_lost"] > 0
        assert not scenario.stale(workers)
        assert not scenario.untrue(workers)
        assert not scenario.guesses(workers, ran, LEASE)
        assert scenario.refusals(ran, LEASE) > 0


def test_workers_that_forget_nothing_are_caught() -> None:
    with (
        required(),
        fleet(
            os.environ["DATABASE_URL"],
            os.environ["REDIS_URL"],
            machine_count=1,
            variables={"HUBADMIN_TEST_DEAF": "1"},
        ) as workers,
    ):
        ran = scenario.Ran()
        scenario.change(workers, ran, 60)
        told = scenario.figures(workers, ran)
        assert told["longest_ms"] > 1000 or told["untrue_for_their_version"] > 0
