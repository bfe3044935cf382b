"""行政区划: whose cases does the code of a district reach? One rule for people, cases and letters.

'' is the whole installation. Six digits are a city or a county, nine a town (乡镇街道): the first six are its county's.
"""

import re

SHAPE = re.compile(r"[0-9]{6}|[0-9]{9}")


def prefix_of(district: str) -> str:
    """How every code begins that lies within: 000100 gives 0001, 000101 and 000101001 give themselves.

    The pairs of zeros at the end of six digits stand for "all of it" (GB/T 2260); 000000 is everything.
    """
    if len(district) != 6:
        return district
    while district.endswith("00"):
        district = district[:-2]
    return district


def reaches(district: str, other: str) -> bool:
    """Does whoever is of this district see what is of the other one?"""
    return other.startswith(prefix_of(district))


def county_of(district: str) -> str:
    """The six digits that a town's code begins with."""
    return district[:6]
