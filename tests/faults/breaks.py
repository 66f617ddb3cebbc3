"""The breaks of a module, for `mutants.py`: at each place of its source what might be written in error.

Operators, comparisons, numbers, flags, conditions, reductions, sides of a product or of `where`,
transpositions, conversions and bounds (`PEELED`), decorators, contexts and statements. Annotations and texts
are left alone.
"""

import ast
import copy
from collections.abc import Iterator
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

OPERATORS: dict[type, type] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
COMPARISONS: dict[type, tuple[type, ...]] = {
    ast.Lt: (ast.LtE, ast.Gt), ast.LtE: (ast.Lt, ast.GtE), ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE), ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,), ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
}  # fmt: skip
PAIRS = (
    "min max", "minimum maximum", "mean sum", "argmax argmin", "square abs", "all any", "std var",
    "cat stack", "zeros ones", "new_zeros new_ones", "zeros_like ones_like",
)  # fmt: skip
WORDS = {a: b for pair in PAIRS for a, b in (pair.split(), pair.split()[::-1])}
PEELED = {
    "abs", "clamp", "clone", "cumsum", "detach", "double", "exp", "flip", "nan_to_num", "relu", "round", "to",
}  # fmt: skip


class Break(NamedTuple):
    """One place of one module changed; `text` is its line before and after, as `ast` writes it."""

    path: Path
    line: int
    text: str
    code: CodeType

    def __str__(self) -> str:
        return f"{self.path.parent.name}/{self.path.name}: {self.text}"


def breaks(path: Path) -> Iterator[Break]:
    """Yield the breaks of a module, compiled."""
    tree = ast.parse(path.read_text())
    for statement, parent, field, i, node in list(_places(tree, tree)):
        for new in _instead(node):
            before = ast.unparse(statement)
            _put(parent, field, i, ast.fix_missing_locations(ast.copy_location(new, node)))
            after = ast.unparse(new if node is statement else statement)
            lines = zip(before.splitlines(), after.splitlines(), strict=False)
            text = next(f"{old.strip()} → {broken.strip()}" for old, broken in lines if old != broken)
            yield Break(path, getattr(node, "lineno", 0), text, compile(tree, str(path), "exec"))
            _put(parent, field, i, node)


def _instead(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what may stand in the place of `node`."""
    match node:
        case ast.BinOp(left=left, op=ast.MatMult(), right=right):
            yield _but(node, left=right, right=left)
        case ast.BinOp(op=op) | ast.BoolOp(op=op) | ast.AugAssign(op=op) if type(op) in OPERATORS:
            yield _but(node, op=OPERATORS[type(op)]())
        case ast.UnaryOp(op=ast.USub() | ast.Not() | ast.Invert(), operand=operand):
            yield operand
        case ast.Compare(ops=ops):
            for i, op in enumerate(ops):
                for other in COMPARISONS[type(op)]:
                    yield _but(node, ops=[*ops[:i], other(), *ops[i + 1 :]])
        case ast.Constant(value=bool(value)):
            yield _but(node, value=not value)
        case ast.Constant(value=int(value) | float(value)):
            yield _but(node, value=value + 1)
        case ast.Constant(value="sum" | "mean" as word):
            yield _but(node, value=WORDS[word])
        case ast.Name(id="min" | "max" as word):
            yield _but(node, id=WORDS[word])
        case ast.keyword(arg=str(word)) if word in WORDS:
            yield _but(node, arg=WORDS[word])
        case ast.Call(func=ast.Attribute(attr=word) as function, args=args):
            if word in WORDS:
                yield _but(node, func=_but(function, attr=WORDS[word]))
            if word in PEELED:
                yield function.value
            if word == "where":
                yield _but(node, args=[args[0], args[2], args[1]])
        case ast.Call(func=ast.Name(id=word), args=[argument]) if word in PEELED:
            yield argument
        case ast.Attribute(attr="T", value=receiver):
            yield receiver
        case ast.If() | ast.IfExp():
            yield from (_but(node, test=ast.Constant(truth)) for truth in (True, False))
        case ast.With(body=body):
            yield ast.If(ast.Constant(True), body, [])
        case ast.FunctionDef(decorator_list=decorators):
            for i in range(len(decorators)):
                yield _but(node, decorator_list=decorators[:i] + decorators[i + 1 :])
    match node:
        case ast.Expr(value=ast.Call()) | ast.AugAssign() | ast.Continue():
            yield ast.Pass()
        case ast.Assign(targets=[ast.Attribute()]):
            yield ast.Pass()


def _but(node: ast.AST, **fields: Any) -> ast.AST:
    new = copy.copy(node)
    for name, value in fields.items():
        setattr(new, name, value)
    return new


def _put(parent: ast.AST, field: str, i: int | None, node: ast.AST) -> None:
    if i is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[i] = node


def _places(node: ast.AST, statement: ast.AST) -> Iterator[tuple[ast.AST, ast.AST, str, int | None, ast.AST]]:
    """Yield statement, parent, field, position in the field and node of all below `node`."""
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns"):
            continue
        for i, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(child, ast.AST):
                own = child if isinstance(child, ast.stmt) else statement
                yield own, node, field, i, child
                yield from _places(child, own)
