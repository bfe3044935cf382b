"""Can somebody with the numbered questions before them tell when a condition holds?"""

import pytest

from config.catalogue import catalogue
from rules.bundle import Choice, Question, QuestionType
from rules.conditions import names
from rules.conditions_said import said

QUESTIONS = (
    Question("Q1", "是新办吗？", QuestionType.BOOL, default=False),
    Question("Q2", "多少平方米？", QuestionType.NUMBER, default=0),
    Question("Q3", "哪一种？", QuestionType.CHOICE, "a", (Choice("a", "甲种"), Choice("b", "乙种"))),
    Question("Q4", "字号？", QuestionType.TEXT, default=""),
)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("", ""),
        ("Q1", "第 1 题答“是”"),
        ("not Q1", "第 1 题答“否”"),
        ("Q1 == true", "第 1 题答“是”"),
        ("Q1 != true", "第 1 题答“否”"),
        ("Q1 == false", "第 1 题答“否”"),
        ("Q1 != false", "第 1 题答“是”"),
        ("Q2 >= 300", "第 2 题不小于 300"),
        ("Q2 < 300", "第 2 题小于 300"),
        ("Q2 > -1", "第 2 题大于 -1"),
        ("Q2 <= 300", "第 2 题不大于 300"),
        ("Q2 == 3", "第 2 题填“3”"),
        ("Q3 == 'b'", "第 3 题选“乙种”"),
        ("Q3 != 'b'", "第 3 题没有选“乙种”"),
        ("Q4 != '老店'", "第 4 题没有填“老店”"),
        ("Q1 and not Q2", "第 1 题答“是”，并且第 2 题答“否”"),
        ("Q1 and (Q2 >= 3 or Q4 == 'x')", "第 1 题答“是”，并且（第 2 题不小于 3，或者第 4 题填“x”）"),
        ("Q1 or Q2 >= 3 and Q2 < 9", "第 1 题答“是”，或者（第 2 题不小于 3，并且第 2 题小于 9）"),
        ("not (Q1 or Q2 >= 3)", "不是（第 1 题答“是”，或者第 2 题不小于 3）"),
        ("1 < Q2", "1 < Q2"),
    ],
)
def test_a_condition_in_words(condition: str, words: str) -> None:
    assert said(condition, QUESTIONS) == words


def test_every_condition_of_the_catalogue_speaks_of_its_questions_by_number() -> None:
    for bundle in catalogue().values():
        numbers = {question.id: place for place, question in enumerate(bundle.questions, start=1)}
        conditions = [one.when for one in (*bundle.questions, *bundle.items, *bundle.materials) if one.when]
        for condition in conditions:
            words = said(condition, bundle.questions)
            assert all(f"第 {numbers[name]} 题" in words for name in names(condition)), condition
            assert not any(name in words for name in numbers), condition
