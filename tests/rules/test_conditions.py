"""The small language of `when`."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.conditions import BadCondition, holds, names, parse

LARGE: dict[str, Any] = {"Q2": 320, "Q6": False, "Q1": "随母"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", True),
        ("   ", True),
        ("Q2 >= 300", True),
        ("Q2 >= 300 and not Q6", True),
        ("Q2 < 300 or Q6", False),
        ("not (Q2 < 300 or Q6)", True),
        ("100 < Q2 <= 320", True),
        ("Q2 != 320", False),
        ("Q6 == false", True),
        ("Q6 == False and true", True),
        ("Q1 == '随母'", True),
        ('Q1 == "随父"', False),
        ("Q2 > -1.5", True),
    ],
)
def test_what_holds(text: str, *, expected: bool) -> None:
    assert holds(text, LARGE) is expected


@pytest.mark.parametrize(
    "text",
    [
        "Q2 >=",
        "Q2 = 300",
        "open('x')",
        "Q2.real",
        "Q2 + 1 > 3",
        "[Q2]",
        "Q2 in (1, 2)",
        "Q2 is None",
        "None",
        "lambda: 1",
        "Q2 if Q6 else Q1",
        "f'{Q2}'",
        "b'x' == Q1",
        "1j < Q2",
        "Q2\0",
        "(" * 500,
        "not " * 400 + "Q6",
        "Q2 >= 300; Q6",
        "__import__('os')",
        "(Q2 := 3)",
        "-Q2 > 3",
        "Q2 > -'a'",
    ],
)
def test_anything_else_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(BadCondition, match=r"。$"):
        parse(text)


def test_the_names_are_the_questions_it_asks_about() -> None:
    assert names("Q2 >= 300 and not Q6 or Q6 == true") == {"Q2", "Q6"}
    assert names("") == frozenset()


def test_a_question_that_was_not_asked_answers_nothing() -> None:
    """No preset stands in for it: it is no, and 0."""
    assert not holds("Q9", LARGE)
    assert holds("not Q9 and Q9 <= 200 and Q9 != '随父'", LARGE)
    assert not holds("Q9 > 0", LARGE)


def test_text_and_number_have_no_order() -> None:
    with pytest.raises(BadCondition, match="比了大小"):
        holds("Q1 > 3", LARGE)


@settings(max_examples=300)
@given(st.text(alphabet="Q12 <>=!andorte()'.+-*/[]{},:x随\n\\\0", max_size=40))
def test_no_text_does_anything_but_parse_or_be_refused(text: str) -> None:
    with suppress(BadCondition):
        holds(text, {"Q1": 1, "Q2": 2})
