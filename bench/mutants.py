"""Break permissions/core in every small way, one at a time, and see that its tests notice.

`python -m bench.mutants` runs all mutants of all modules, `python -m bench.mutants rules.py` those
of one. What survives must stand in bench/survivors.md with the reason why it may; anything else
makes the run fail, and so does a line there that nothing matches any more.
"""

import argparse
import importlib.util
import inspect
import json
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import redirect_stdout
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from multiprocessing.context import ForkProcess
from pathlib import Path
from types import ModuleType
from typing import Any

from bench.mutations import CORE, Mutant, mutants_of

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "bench" / "results"
SURVIVORS = ROOT / "bench" / "survivors.md"
TESTS = (
    *("decisions", "matrix", "answers", "references", "own_rules", "policy", "scopes", "catalog"),
    *("problems", "questions", "login", "explain", "changes", "impact", "agreement", "properties"),
)
TIME_LIMIT = 120.0
KILLED, SURVIVED = 2, 3


def main() -> None:
    """Run the mutants, print and keep the figures; exit 1 for a survivor nobody explained."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", default=sorted(p.name for p in CORE.glob("*.py")))
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    unbroken = Mutant("reference.py", "", "", "", (CORE / "reference.py").read_text())
    if _outcomes([unbroken], 1) != ["survived"]:
        sys.exit("The tests fail without any mutant.")
    mutants = [mutant for module in options.modules for mutant in mutants_of(module)]
    print(f"{len(mutants)} mutants.", flush=True)
    began = time.monotonic()
    outcomes = _outcomes(mutants, options.processes)
    survivors = [m.name for m, o in zip(mutants, outcomes, strict=True) if o == "survived"]
    sys.exit(_report(mutants, outcomes, survivors, options.modules, time.monotonic() - began))


def _outcomes(mutants: Sequence[Mutant], processes: int) -> list[str]:
    """Try all mutants, some at a time, each in a process of its own that a time limit ends."""
    context = multiprocessing.get_context("fork")
    outcomes = [""] * len(mutants)
    running: dict[int, tuple[ForkProcess, float]] = {}
    waiting = list(reversed(range(len(mutants))))
    while waiting or running:
        while waiting and len(running) < processes:
            number = waiting.pop()
            process = context.Process(target=_try, args=(mutants[number],))
            process.start()
            running[number] = (process, time.monotonic() + TIME_LIMIT)
        for number, (process, limit) in list(running.items()):
            process.join(0.01)
            if process.is_alive() and time.monotonic() < limit:
                continue
            outcomes[number] = "timed out" if process.is_alive() else _outcome(process.exitcode)
            process.kill()
            process.join()
            if outcomes[number] == "survived" and len(mutants) > 1:
                print(f"survived: {mutants[number].name}", flush=True)
            del running[number]
    return outcomes


def _outcome(exit_code: int | None) -> str:
    return {KILLED: "killed", SURVIVED: "survived"}.get(exit_code or 0, "crashed")


def _try(mutant: Mutant) -> None:
    """Run the tests with a mutant in a module's place, until the first one that fails."""
    sys.meta_path.insert(0, _InPlaceOf(mutant))
    try:
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
            _run_tests()
    except BaseException:  # whatever a broken core does is noticed
        os._exit(KILLED)
    os._exit(SURVIVED)


class _InPlaceOf(MetaPathFinder, Loader):
    """Imports the mutant where its module is asked for."""

    def __init__(self, mutant: Mutant) -> None:
        self.name = f"permissions.core.{mutant.module.removesuffix('.py')}"
        self.source = mutant.source

    def find_spec(self, name: str, path: object, target: object = None) -> ModuleSpec | None:
        return importlib.util.spec_from_loader(name, self) if name == self.name else None

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave making the module to the import system."""

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.source, f"<mutant of {self.name}>", "exec"), vars(module))


def _run_tests() -> None:
    """Call every test with each of its parameters: what pytest would do, without its collecting."""
    from hypothesis import HealthCheck, Phase, settings

    settings.register_profile(
        "mutants",
        max_examples=60,
        phases=[Phase.explicit, Phase.generate],
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    settings.load_profile("mutants")
    later = []
    for name in TESTS:
        module = importlib.import_module(f"tests.permissions.core.test_{name}")
        for function in _tests_in(module):
            if hasattr(function, "hypothesis"):
                later.append(function)
            else:
                _call(function)
    for function in later:
        _call(function)


def _tests_in(module: ModuleType) -> list[Any]:
    return [
        function
        for name, function in vars(module).items()
        if name.startswith("test_") and inspect.isfunction(function)
    ]


def _call(function: Any) -> None:
    marks = [m for m in getattr(function, "pytestmark", []) if m.name == "parametrize"]
    if not marks:
        function()
        return
    (mark,) = marks
    names = mark.args[0] if isinstance(mark.args[0], tuple) else (mark.args[0],)
    for values in mark.args[1]:
        function(**dict(zip(names, values if len(names) > 1 else (values,), strict=True)))


def _explained() -> dict[str, str]:
    """Return the survivors of bench/survivors.md with the reasons why they may survive."""
    if not SURVIVORS.exists():
        return {}
    lines = SURVIVORS.read_text(encoding="utf-8").splitlines()
    cells = [[c.strip() for c in line.strip("|").split(" | ")] for line in lines if line[:1] == "|"]
    return {row[0]: row[1] for row in cells if len(row) == 2}


def _report(
    mutants: Sequence[Mutant],
    outcomes: Sequence[str],
    survivors: Sequence[str],
    modules: Sequence[str],
    elapsed: float,
) -> int:
    explained = _explained()
    unexplained = [name for name in survivors if name not in explained]
    stale = [
        name
        for name in explained
        if name.partition(" ")[0] in modules and name not in survivors and ".py" in name
    ]
    table = {
        module: Counter(o for m, o in zip(mutants, outcomes, strict=True) if m.module == module)
        for module in modules
    }
    print(f"\n{'module':20}{'mutants':>9}{'killed':>9}{'explained':>11}{'left':>6}")
    for module, counts in table.items():
        left = sum(name.startswith(f"{module} ") for name in unexplained)
        noticed = sum(counts.values()) - counts["survived"]
        rest = f"{counts['survived'] - left:>11}{left:>6}"
        print(f"{module:20}{sum(counts.values()):>9}{noticed:>9}{rest}")
    print(f"\n{len(mutants)} mutants in {elapsed:.0f} s: {dict(Counter(outcomes))}")
    for name in unexplained:
        print(f"SURVIVED {name}")
    for name in stale:
        print(f"EXPLAINED BUT GONE {name}")
    RESULTS.mkdir(exist_ok=True)
    kept = {module: dict(counts) for module, counts in table.items()}
    kept["all"] = dict(Counter(outcomes))
    if set(modules) >= {path.name for path in CORE.glob("*.py")}:
        (RESULTS / "mutants.json").write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    return 1 if unexplained or stale else 0


if __name__ == "__main__":
    main()
