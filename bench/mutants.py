"""Break permissions/core in every small way, one at a time, and see that its tests notice.

`python -m bench.mutants` runs all mutants of all modules, `python -m bench.mutants rules.py` those
of one. What survives must stand in bench/survivors.md with the reason why it may; anything else
makes the run fail, and so does a line there that nothing matches any more.
"""

import argparse
import ast
import copy
import importlib.util
import inspect
import json
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import singledispatch
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from multiprocessing.context import ForkProcess
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parents[1]
CORE = ROOT / "permissions" / "core"
RESULTS = ROOT / "bench" / "results"
SURVIVORS = ROOT / "bench" / "survivors.md"
TESTS = (
    *("decisions", "matrix", "answers", "references", "own_rules", "policy", "scopes", "catalog"),
    *("problems", "questions", "login", "explain", "agreement", "properties"),
)
TIME_LIMIT = 120.0
KILLED, SURVIVED = 2, 3

_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
}
_WORDS = {
    "Rule": ("OWNER", "COMMUNITY_RESTRICTED"),
    "Category": ("ORGANIZATION", "COMMUNITY"),
    "Plan": ("BUSINESS", "TEAM"),
    "Mode": ("ENFORCE", "MONITOR"),
    "Effect": ("BLOCK", "EXCEPTION"),
    "SubjectKind": ("USER", "TOKEN"),
    "TokenScope": ("PUBLIC_READ", "ADMIN"),
    "CatalogKind": ("OFFICIAL", "VERIFIED_PUBLISHER"),
    "AudienceKind": ("EVERYONE", "USER"),
}


@dataclass(frozen=True)
class Mutant:
    """One change in one module. What it is called does not depend on line numbers."""

    module: str
    place: str
    before: str
    after: str
    source: str

    @property
    def name(self) -> str:
        return f"{self.module} {self.place}: `{self.before}` -> `{self.after}`"


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


def mutants_of(module: str) -> list[Mutant]:
    """Return every mutant of a module of the core, without duplicates."""
    tree = ast.parse((CORE / module).read_text(encoding="utf-8"))
    found: dict[str, Mutant] = {}
    for place, node in _nodes(tree):
        for replacement in _replacements(node):
            source = ast.unparse(_replaced(tree, node, replacement))
            before, after = _short(node), _short(replacement)
            found.setdefault(source, Mutant(module, place, before, after, source))
    return list(found.values())


def _nodes(tree: ast.AST, place: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Yield what runs, with the name of the function or class around it."""
    for field, value in ast.iter_fields(tree):
        if field in {"annotation", "returns", "type_params"}:
            continue
        children = value if isinstance(value, list) else [value]
        for number, node in enumerate(children):
            if not isinstance(node, ast.AST) or _is_docstring(tree, node, number):
                continue
            inner = place
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                inner = f"{place}.{node.name}".lstrip(".")
            yield inner, node
            yield from _nodes(node, inner)


def _is_docstring(parent: ast.AST, node: ast.AST, number: int) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


@singledispatch
def _replacements(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what may stand in a node's place to break it."""
    yield from ()


@_replacements.register
def _(node: ast.Compare) -> Iterator[ast.AST]:
    (operator,) = node.ops
    for other in _COMPARISONS[type(operator)]:
        yield ast.Compare(node.left, [other()], node.comparators)


@_replacements.register
def _(node: ast.BoolOp) -> Iterator[ast.AST]:
    yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    for rest in _without_one(node.values):
        yield rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)


@_replacements.register
def _(node: ast.UnaryOp) -> Iterator[ast.AST]:
    yield node.operand


@_replacements.register(ast.If)
@_replacements.register(ast.IfExp)
def _(node: ast.If | ast.IfExp) -> Iterator[ast.AST]:
    changed = copy.copy(node)
    changed.test = ast.UnaryOp(ast.Not(), node.test)
    yield changed


@_replacements.register
def _(node: ast.comprehension) -> Iterator[ast.AST]:
    for test in node.ifs:
        for ifs in ([], [ast.UnaryOp(ast.Not(), test)]):
            yield ast.comprehension(node.target, node.iter, list[ast.expr](ifs), node.is_async)


@_replacements.register
def _(node: ast.Lambda) -> Iterator[ast.AST]:
    yield ast.Lambda(node.args, ast.UnaryOp(ast.Not(), node.body))


@_replacements.register
def _(node: ast.Attribute) -> Iterator[ast.AST]:
    if isinstance(node.value, ast.Name) and node.value.id in _WORDS and node.attr.isupper():
        first, second = _WORDS[node.value.id]
        yield ast.Attribute(node.value, second if node.attr == first else first, node.ctx)


@_replacements.register(ast.Tuple)
@_replacements.register(ast.List)
@_replacements.register(ast.Set)
def _(node: ast.Tuple | ast.List | ast.Set) -> Iterator[ast.AST]:
    if isinstance(node, ast.Set) or isinstance(node.ctx, ast.Load):
        for rest in _without_one(node.elts):
            changed = copy.copy(node)
            changed.elts = rest
            yield changed


@_replacements.register
def _(node: ast.Expr) -> Iterator[ast.AST]:
    yield ast.Pass()


@_replacements.register
def _(node: ast.Raise) -> Iterator[ast.AST]:
    yield ast.Pass()


@_replacements.register
def _(node: ast.Constant) -> Iterator[ast.AST]:
    yield from map(ast.Constant, _other_values(node.value))


def _without_one(values: list[ast.expr]) -> Iterator[list[ast.expr]]:
    """Yield a list without each of its values in turn; of one value nothing would be left."""
    if len(values) > 1:
        for number in range(len(values)):
            yield [*values[:number], *values[number + 1 :]]


def _other_values(value: object) -> Iterable[Any]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1]
    if isinstance(value, str):
        return [f"{value}~"]
    return []


def _replaced(tree: ast.Module, node: ast.AST, replacement: ast.AST) -> ast.Module:
    """Copy a module with one node replaced; nodes are found by identity, so copies come last."""

    class Replace(ast.NodeTransformer):
        def visit(self, visited: ast.AST) -> Any:
            if visited is node:
                return replacement
            changed = copy.copy(visited)
            for field, value in ast.iter_fields(visited):
                if isinstance(value, list):
                    new = [self.visit(v) if isinstance(v, ast.AST) else v for v in value]
                    setattr(changed, field, new)
                elif isinstance(value, ast.AST):
                    setattr(changed, field, self.visit(value))
            return changed

    changed: ast.Module = Replace().visit(tree)
    return ast.fix_missing_locations(changed)


def _short(node: ast.AST) -> str:
    """Return a node's source, the first line of it, without what would break a table."""
    if isinstance(node, ast.comprehension):
        node = ast.GeneratorExp(ast.Name("_"), [node])
    line = ast.unparse(ast.fix_missing_locations(copy.deepcopy(node))).split("\n")[0]
    return line.replace("|", "/").replace("`", "'")[:90]


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
