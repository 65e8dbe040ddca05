"""The small ways in which a module of permissions/core can be broken, as changed source."""

import ast
import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import singledispatch
from pathlib import Path
from typing import Any

CORE = Path(__file__).parents[1] / "permissions" / "core"

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
