"""What does a condition of the catalogue say, to somebody who has its questions, numbered, before them?"""

import ast
from collections.abc import Sequence

from rules.bundle import Question, QuestionType
from rules.conditions import LITERALS, parse

COMPARED: dict[type[ast.cmpop], str] = {
    ast.Lt: "小于",
    ast.LtE: "不大于",
    ast.Gt: "大于",
    ast.GtE: "不小于",
}


def said(text: str, questions: Sequence[Question]) -> str:
    """第 2 题不小于 300; '' for what always holds. The questions stand in the order of their numbers."""
    tree = parse(text).tree
    return _said(tree, questions) if tree is not None else ""


def _said(node: ast.expr, questions: Sequence[Question]) -> str:
    match node:
        case ast.BoolOp(op=ast.And(), values=values):
            return "，并且".join(_grouped(part, questions, ast.Or) for part in values)
        case ast.BoolOp(values=values):
            return "，或者".join(_grouped(part, questions, ast.And) for part in values)
        case ast.UnaryOp(operand=ast.Name() as name):
            return f"{_numbered(name, questions)}答“否”"
        case ast.UnaryOp(operand=operand):
            return f"不是（{_said(operand, questions)}）"
        case ast.Compare(left=ast.Name() as name, ops=[op], comparators=[value]):
            return f"{_numbered(name, questions)}{_compared(op, value, name, questions)}"
        case ast.Name():
            return f"{_numbered(node, questions)}答“是”"
        case _:
            return ast.unparse(node)  # what nobody writes: it says at least what it is


def _grouped(node: ast.expr, questions: Sequence[Question], other: type[ast.boolop]) -> str:
    words = _said(node, questions)
    return f"（{words}）" if isinstance(node, ast.BoolOp) and isinstance(node.op, other) else words


def _numbered(name: ast.Name, questions: Sequence[Question]) -> str:
    places = {question.id: place for place, question in enumerate(questions, start=1)}
    return f"第 {places[name.id]} 题" if name.id in places else name.id


def _compared(op: ast.cmpop, value: ast.expr, name: ast.Name, questions: Sequence[Question]) -> str:
    question = next((one for one in questions if one.id == name.id), None)
    given = LITERALS[value.id] if isinstance(value, ast.Name) else ast.literal_eval(value)
    if type(op) in COMPARED:
        return f"{COMPARED[type(op)]} {given}"
    if isinstance(given, bool):
        return "答“是”" if given is isinstance(op, ast.Eq) else "答“否”"
    texts = {choice.value: choice.text for choice in question.choices} if question else {}
    verb = "选" if question and question.type is QuestionType.CHOICE else "填"
    return f"{verb if isinstance(op, ast.Eq) else f'没有{verb}'}“{texts.get(given, given)}”"
