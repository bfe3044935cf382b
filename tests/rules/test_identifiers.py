"""Check digits: the published vectors, and every single slip of the finger."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import identifiers

TODAY = date(2026, 3, 6)


@pytest.mark.parametrize("number", ["11010519491231002X", "11010519491231002x", "000000199001010018"])
def test_genuine_identity_numbers(number: str) -> None:
    assert identifiers.fault_of_id_number(number, TODAY) is None


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("000000199001010019", "校验位"),
        ("000000199002300010", "日期不存在"),
        ("000000209001010010", "今天之后"),
        ("00000019900101001", "18 位"),
        ("", "18 位"),
        ("００００００199001010018", "18 位"),
    ],
)
def test_false_identity_numbers_say_what_is_wrong(number: str, why: str) -> None:
    assert why in str(identifiers.fault_of_id_number(number, TODAY))


@pytest.mark.parametrize("code", ["91350100M000100Y43", "91000000000000000K", "9161010000000000A4"])
def test_genuine_credit_codes(code: str) -> None:
    assert identifiers.fault_of_uscc(code) is None


@pytest.mark.parametrize(
    "code", ["91350100M000100Y44", "91000000000000000k", "91350100M000100Y4", "9135O100M000100Y43"]
)
def test_false_credit_codes(code: str) -> None:
    assert identifiers.fault_of_uscc(code)


@pytest.mark.parametrize(
    "number", ["12000000000", "1380000000", "+8613800000000", "138000000000", "13８00000000"]
)
def test_false_mobile_numbers(number: str) -> None:
    assert identifiers.fault_of_mobile(number)


@pytest.mark.parametrize(
    "address", ["a@b.cn", "Li.Hua+yjs@Example.com", "li-hua_1@mail.example.com", "1@163.com", "a@b.xn--p1ai"]
)
def test_addresses_that_a_letter_reaches(address: str) -> None:
    assert identifiers.fault_of_email(address) is None


@pytest.mark.parametrize(
    "address",
    [
        "o'neil@b.cn",
        ".ab@b.cn",
        "ab.@b.cn",
        "a..b@b.cn",
        "+ab@b.cn",
        "ab+@b.cn",
        "a@127.0.0.1",
        "a@b",
        "a@b.c",
    ],
)
def test_addresses_that_no_letter_reaches(address: str) -> None:
    assert identifiers.fault_of_email(address)


@pytest.mark.parametrize(
    ("typed", "usual"),
    [
        ("138 0000-0000", "13800000000"),
        ("+8613800000000", "13800000000"),
        ("（138）00000000", "13800000000"),
        ("00000019900101001x ", "00000019900101001X"),
        (" Li-Hua@Example.com", "LI-HUA@EXAMPLE.COM"),
        ("lihua@example.com", "LIHUA@EXAMPLE.COM"),
    ],
)
def test_what_is_typed_in_many_ways_is_usually_written_in_one(typed: str, usual: str) -> None:
    assert identifiers.as_usual(typed) == usual


@given(st.integers(0, 999_999), st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.data())
def test_one_wrong_digit_in_a_case_number_is_always_noticed(
    serial: int, on: date, data: st.DataObject
) -> None:
    number = identifiers.case_number("000000", "B1", on, serial)
    assert identifiers.fault_of_case_number(number) is None
    places = [place for place, sign in enumerate(number) if sign.isdigit()]
    place = data.draw(st.sampled_from(places))
    other = data.draw(st.sampled_from([d for d in "0123456789" if d != number[place]]))
    assert identifiers.fault_of_case_number(number[:place] + other + number[place + 1 :])


def test_query_codes_have_no_sign_that_is_misread() -> None:
    assert not set("".join(identifiers.query_code() for _ in range(200))) & set("01OIL")
