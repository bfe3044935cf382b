"""What is meant by the words in the search box?"""

import pytest

from rules.identifiers import fault_of_case_number
from rules.searching import Kind, Sought, sought

NUMBER = "000000-B1-20260306-000001-"
CASE = next(NUMBER + digit for digit in "0123456789" if not fault_of_case_number(NUMBER + digit))


@pytest.mark.parametrize(
    ("typed", "kind", "value"),
    [
        (CASE, Kind.NUMBER, CASE),
        (f" {CASE.lower()} ", Kind.NUMBER, CASE),
        (f"{CASE}-02", Kind.NUMBER, CASE),  # an item
        (f"{CASE}-02-Z", Kind.NUMBER, CASE),  # a certificate
        ("000000 19900101 001x", Kind.IDENTITY, "00000019900101001X"),
        ("91000000000000000k", Kind.IDENTITY, "91000000000000000K"),
        ("１３８００００００００", Kind.PHONE, "13800000000"),
        ("000001-2", Kind.TAIL, "000001-2"),
        ("陈一诺", Kind.NAME, "陈一诺"),
        ("Example Foods Ltd", Kind.NAME, "Example Foods Ltd"),
        ("12", Kind.NAME, "12"),
        ("50%", Kind.NAME, "50%"),
    ],
)
def test_what_is_meant(typed: str, kind: Kind, value: str) -> None:
    assert sought(typed) == Sought(kind, value)


@pytest.mark.parametrize("typed", ["", "  ", "\x00", "　"])
def test_nothing_is_looked_for(typed: str) -> None:
    assert sought(typed) is None


def test_a_slip_in_a_number_is_named() -> None:
    wrong = CASE[:-1] + str((int(CASE[-1]) + 1) % 10)
    found = sought(wrong)
    assert found is not None
    assert found.kind is Kind.NUMBER
    assert "校验位不对" in found.fault


def test_a_long_text_is_cut() -> None:
    found = sought("长" * 5000)
    assert found is not None
    assert len(found.value) == 100
