"""Whose cases does the code of a district reach?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.districts import prefix_of, reaches

CITY, COUNTIES, COUNTY, TOWN, NEIGHBOUR = "000000", "000100", "000101", "000101001", "000102"


@pytest.mark.parametrize(
    ("district", "prefix"),
    [("", ""), (CITY, ""), (COUNTIES, "0001"), (COUNTY, COUNTY), (TOWN, TOWN), ("100000", "10")],
)
def test_the_pairs_of_zeros_at_the_end_stand_for_everything_below(district: str, prefix: str) -> None:
    assert prefix_of(district) == prefix


def test_who_reaches_whom() -> None:
    places = ("", CITY, COUNTIES, COUNTY, TOWN, NEIGHBOUR)
    assert [one for one in places if reaches("", one)] == list(places)
    assert [one for one in places if reaches(CITY, one)] == list(places)
    assert [one for one in places if reaches(COUNTIES, one)] == [COUNTIES, COUNTY, TOWN, NEIGHBOUR]
    assert [one for one in places if reaches(COUNTY, one)] == [COUNTY, TOWN]
    assert [one for one in places if reaches(TOWN, one)] == [TOWN]


codes = st.from_regex(r"[0-9]{6}([0-9]{3})?", fullmatch=True)


@given(codes, codes, codes)
def test_what_is_reached_reaches_no_further(first: str, second: str, third: str) -> None:
    assert reaches(first, first)
    if reaches(first, second) and reaches(second, third):
        assert reaches(first, third)
