"""Does a condition of the catalogue ("Q2 >= 300 and not Q6") hold for these answers? It is never executed."""

import ast
import operator
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

Comparing = Callable[[Any, Any], bool]

COMPARISONS: dict[type[ast.cmpop], Comparing] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
EQUALITIES = (ast.Eq, ast.NotEq)
LITERALS = {"true": True, "false": False}
LONGEST = 1000  # signs; the parser of Python is not to be led into the depths

ALLOWED = "只能用问题编号、数字、'文字'、true、false，比较符 == != < <= > >=，以及 and、or、not 和括号"


class BadCondition(ValueError):
    """条件写得不对。"""


@dataclass(frozen=True)
class Condition:
    """A condition as a tree of the few nodes that are allowed; None always holds."""

    text: str
    tree: ast.expr | None


@lru_cache(maxsize=4096)
def parse(text: str) -> Condition:
    """The condition, or BadCondition with a sentence. Nothing written is always true."""
    if not text.strip():
        return Condition(text, None)
    if len(text) > LONGEST:
        raise BadCondition(f"条件请不超过 {LONGEST} 字。")
    try:
        with warnings.catch_warnings(action="ignore"):  # a doubtful escape is not worth a line on the screen
            tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise BadCondition(f"条件“{_short(text)}”有语法错误：{ALLOWED}。") from None
    _check(tree, text)
    return Condition(text, tree)


def holds(text: str, answers: Mapping[str, Any]) -> bool:
    """Does the condition hold? A question that was not asked answers nothing: no, and 0."""
    tree = parse(text).tree
    return tree is None or bool(_value(tree, answers))


@lru_cache(maxsize=4096)
def names(text: str) -> frozenset[str]:
    """The questions that the condition asks about."""
    tree = parse(text).tree
    if tree is None:
        return frozenset()
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return frozenset(found - LITERALS.keys())


def _check(node: ast.expr, text: str) -> None:
    match node:
        case ast.BoolOp(values=values):
            parts = values
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            parts = [operand]
        case ast.Compare(left=left, ops=ops, comparators=rest) if all(type(op) in COMPARISONS for op in ops):
            parts = [left, *rest]
        case ast.Name():
            parts = []
        case _ if _is_literal(node):
            parts = []
        case _:
            raise BadCondition(f"条件“{_short(text)}”里的“{_short(ast.unparse(node))}”不能用：{ALLOWED}。")
    for part in parts:
        _check(part, text)


def _is_literal(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return isinstance(node.operand, ast.Constant) and type(node.operand.value) in (int, float)
    return isinstance(node, ast.Constant) and type(node.value) in (bool, int, float, str)


def _value(node: ast.expr, answers: Mapping[str, Any]) -> Any:
    match node:
        case ast.BoolOp(op=ast.And(), values=values):
            return all(_value(part, answers) for part in values)
        case ast.BoolOp(values=values):
            return any(_value(part, answers) for part in values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _value(operand, answers)
        case ast.Compare():
            return _compared(node, answers)
        case ast.Name(id=name):
            return _answer(name, answers)
        case _:
            return ast.literal_eval(node)


def _answer(name: str, answers: Mapping[str, Any]) -> Any:
    if name in LITERALS:
        return LITERALS[name]
    return answers.get(name, 0)  # 0 is also no, and no words


def _compared(node: ast.Compare, answers: Mapping[str, Any]) -> bool:
    left = _value(node.left, answers)
    for sign, part in zip(node.ops, node.comparators, strict=True):
        right = _value(part, answers)
        if not isinstance(sign, EQUALITIES) and isinstance(left, str) != isinstance(right, str):
            raise BadCondition(f"条件“{ast.unparse(node)}”把文字和数字比了大小。")
        if not COMPARISONS[type(sign)](left, right):
            return False
        left = right
    return True


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}…"
