"""What can be said of the next case from the last ones, and how often may a code be asked for?"""

from datetime import UTC, datetime, timedelta

import pytest

from rules.contact_codes import hash_of_code, hash_of_form, same, wait_for
from rules.expecting import FEWEST, expectation
from rules.masking import masked_applicant

NOW = datetime(2026, 3, 6, 2, tzinfo=UTC)


def test_of_few_cases_nothing_is_said() -> None:
    assert expectation([5] * (FEWEST - 1)) is None


@pytest.mark.parametrize(
    ("days", "half", "most"),
    [
        ([7] * 20, 7, 7),
        (list(range(1, 21)), 10, 16),
        ([1] * 10 + [9] * 10, 1, 9),
        ([1] * 9 + [9] * 11, 9, 9),
        ([0] * 16 + [30] * 4, 0, 0),
        ([0] * 15 + [30] * 5, 0, 30),
        ([3] * 200, 3, 3),
    ],
)
def test_half_and_four_fifths_were_done_within(days: list[int], half: int, most: int) -> None:
    found = expectation(days[::-1])
    assert found
    assert (found.cases, found.half, found.most) == (len(days), half, most)
    assert sum(day <= half for day in days) >= len(days) / 2
    assert sum(day <= most for day in days) >= len(days) * 0.8


@pytest.mark.parametrize(
    ("ago", "wait"),
    [
        ([], 0),
        ([60], 0),
        ([59], 1),
        ([600, 1200, 1800, 2400, 3599], 1),
        ([600, 1200, 1800, 2400, 3600], 0),
        ([3601 + n for n in range(9)] + [86_399], 1),
        ([10] + [600] * 4, 3000),
    ],
)
def test_codes_to_one_phone_are_few(ago: list[int], wait: int) -> None:
    sent = [NOW - timedelta(seconds=seconds) for seconds in ago]
    assert wait_for(sent, NOW) == timedelta(seconds=wait)


def test_a_hash_says_nothing_without_the_name_of_the_form() -> None:
    one, other = "0" * 32, "1" * 32
    assert same(hash_of_code(one, "123456"), hash_of_code(one, "123456"))
    assert not same(hash_of_code(one, "123456"), hash_of_code(other, "123456"))
    assert one not in hash_of_form(one)


@pytest.mark.parametrize(
    ("name", "shown"), [("陈一诺", "陈*诺"), ("陈诺", "陈*"), ("欧阳小诺", "欧**诺"), ("陈", "陈*"), ("", "")]
)
def test_a_name_in_public(name: str, shown: str) -> None:
    assert masked_applicant(name) == shown
