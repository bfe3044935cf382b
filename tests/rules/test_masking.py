"""How much of a person shows?"""

import pytest

from rules.masking import (
    hidden_id_number,
    masked_account,
    masked_email,
    masked_id_number,
    masked_name,
    masked_phone,
)


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("张三", "张*"),
        ("陈一诺", "陈*"),
        ("欧阳娜", "欧阳*"),
        ("欧阳", "欧*"),
        ("欧明", "欧*"),
        ("阳上官", "阳*"),
        ("", ""),
    ],
)
def test_of_a_name_only_the_surname(name: str, masked: str) -> None:
    assert masked_name(name) == masked


def test_of_numbers_what_the_staff_need_to_tell_people_apart() -> None:
    assert masked_id_number("610101199001010023") == "610101********0023"
    assert hidden_id_number("610101199001010023") == "6****************3"
    assert masked_phone("13812341234") == "138****1234"
    assert masked_account("6222021234567890123") == "***************0123"
    assert masked_email("chen@example.com") == "c***@example.com"


@pytest.mark.parametrize("short", ["", "1", "123456", "1234567"])
def test_what_is_too_short_to_hide_a_part_is_hidden_whole(short: str) -> None:
    assert masked_phone(short) == "*" * len(short)
