"""What does an answer mean, typed in a form or written in a file, to a question of this type?"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from rules.bundle import Question, QuestionType

Answer = bool | int | float | str

YES = frozenset({"true", "yes", "on", "1", "是", "有"})
NO = frozenset({"false", "no", "off", "0", "否", "无"})
LONGEST_TEXT = 500  # signs
UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")  # the database takes none of these


def read_answer(question: Question, given: Any) -> Answer:
    """The answer in the question's type, also from the text of a web form. ValueError: what it should be."""
    return READERS[question.type](question, given)


def _read_bool(_: Question, given: Any) -> bool:
    if isinstance(given, bool):
        return given
    word = given.strip().lower() if isinstance(given, str) else ""
    if word in YES | NO:
        return word in YES
    raise ValueError("应回答是或否")


def _read_number(question: Question, given: Any) -> int | float:
    if isinstance(given, str) and re.fullmatch(r"\d{1,12}(\.\d{1,6})?", given.strip()):
        given = float(given) if "." in given else int(given)
    if isinstance(given, bool) or not isinstance(given, int | float) or not question.least <= given < 10**12:
        raise ValueError(f"应填写不小于 {question.least} 的数字")
    return given


def _read_choice(question: Question, given: Any) -> str:
    if isinstance(given, str) and given in {choice.value for choice in question.choices}:
        return given
    raise ValueError(f"应从这些选项中选择：{'、'.join(choice.value for choice in question.choices)}")


def _read_text(_: Question, given: Any) -> str:
    if not isinstance(given, str) or UNSTORABLE.search(given):
        raise ValueError("应填写文字，不含控制字符")
    if len(given) > LONGEST_TEXT:
        raise ValueError(f"请不超过 {LONGEST_TEXT} 字")
    return given.strip()


READERS: Mapping[QuestionType, Callable[[Question, Any], Answer]] = {
    QuestionType.BOOL: _read_bool,
    QuestionType.NUMBER: _read_number,
    QuestionType.CHOICE: _read_choice,
    QuestionType.TEXT: _read_text,
}
