"""Is a condition of a bundle written rightly, about questions there are, and can it ever hold?"""

import ast
from collections.abc import Iterator, Mapping
from itertools import product
from math import prod
from typing import Any

from config.finding import listed
from rules.bundle import Question, QuestionType
from rules.conditions import EQUALITIES, LITERALS, BadCondition, holds, names, parse

MOST_TRIALS = 20_000  # combinations of answers tried before we believe that a condition can hold

Questions = Mapping[str, Question]


def condition_faults(text: str, questions: Questions) -> Iterator[tuple[str, str]]:
    """What is wrong with the condition, and what to do about it. `questions` are those it may ask about."""
    try:
        tree = parse(text).tree
    except BadCondition as bad:
        yield str(bad), "例如：Q2 >= 300 and not Q6。"
        return
    unknown = sorted(names(text) - questions.keys())
    for name in unknown:
        yield f"条件“{text}”里的问题 {name} 不存在，或在此之后才问。", f"可用的问题：{listed(questions)}。"
    if unknown or tree is None:
        return
    mistakes = list(_mistakes(tree, questions))
    yield from mistakes
    if not mistakes and not _can_hold(text, tree, questions):
        yield f"条件“{text}”永远不成立。", "请检查比较的方向和数值。"


def _mistakes(tree: ast.expr, questions: Questions) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            for left, sign, right in zip(sides, node.ops, sides[1:], strict=False):
                yield from _comparison(left, sign, right, questions)
    for name in sorted(_taken_as_yes_or_no(tree)):
        if name in questions and questions[name].type is not QuestionType.BOOL:
            yield f"问题 {name} 不是是非题，不能直接当条件。", "请写成比较，例如 Q2 >= 300。"


def _taken_as_yes_or_no(node: ast.expr) -> set[str]:
    match node:
        case ast.BoolOp(values=values):
            return set().union(*(_taken_as_yes_or_no(part) for part in values))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _taken_as_yes_or_no(operand)
        case ast.Name(id=name):
            return {name}
        case _:
            return set()


def _comparison(
    left: ast.expr, sign: ast.cmpop, right: ast.expr, questions: Questions
) -> Iterator[tuple[str, str]]:
    kinds = {_kind(left, questions), _kind(right, questions)}
    written = f"{ast.unparse(left)} 与 {ast.unparse(right)}"
    if len(kinds) > 1:
        yield f"{written} 类型不同，不能比较。", "数字比数字，文字比文字（加引号），是非比 true、false。"
    elif kinds != {"number"} and not isinstance(sign, EQUALITIES):
        yield f"{written} 不是数字，不能比大小。", "文字和是非只能用 == 或 !=。"
    else:
        for one, other in ((left, right), (right, left)):
            yield from _no_such_choice(one, other, questions)


def _no_such_choice(one: ast.expr, other: ast.expr, questions: Questions) -> Iterator[tuple[str, str]]:
    if not (isinstance(one, ast.Name) and isinstance(other, ast.Constant) and one.id in questions):
        return
    values = {choice.value for choice in questions[one.id].choices}
    if values and other.value not in values:
        yield f"问题 {one.id} 没有选项“{other.value!s}”。", f"可用的选项：{listed(values)}。"


def _kind(node: ast.expr, questions: Questions) -> str:
    match node:
        case ast.Name(id=name) if name not in LITERALS:
            kinds = {QuestionType.BOOL: "bool", QuestionType.NUMBER: "number"}
            return kinds.get(questions[name].type, "text")
        case ast.Constant(value=str()):
            return "text"
        case ast.UnaryOp(op=ast.USub()):
            return "number"
        case ast.Constant(value=value) if not isinstance(value, bool):
            return "number"
        case _:
            return "bool"


def _can_hold(text: str, tree: ast.expr, questions: Questions) -> bool:
    """Try every answer that could make a difference. Too many to try: we believe it."""
    asked = sorted(names(text))
    trials = [_answers_to_try(questions[name], tree) for name in asked]
    if prod(map(len, trials)) > MOST_TRIALS:
        return True
    return any(holds(text, dict(zip(asked, answers, strict=True))) for answers in product(*trials))


def _answers_to_try(question: Question, tree: ast.expr) -> list[Any]:
    constants: list[Any] = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    match question.type:
        case QuestionType.BOOL:
            return [True, False]
        case QuestionType.CHOICE:
            return [choice.value for choice in question.choices]
        case QuestionType.NUMBER:
            numbers = [value for value in constants if type(value) in (int, float)]
            near = {number + step for number in numbers for step in (-1, -0.5, 0, 0.5, 1)}
            unasked = {0} if question.when else set()
            return sorted(
                {question.least, *unasked, *(number for number in near if number >= question.least)}
            )
        case QuestionType.TEXT:
            return ["", "某", *(value for value in constants if isinstance(value, str))]
