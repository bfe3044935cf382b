"""What did somebody type into the search box: a number, its end, an identity number, a phone, a name?"""

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum

from rules.identifiers import fault_of_case_number

LONGEST = 100  # signs; every name and number is shorter
SHORTEST_TAIL = 4  # fewer digits would find half of the hall

_CASE = re.compile(r"([0-9]{6}-[A-Z][A-Z0-9]{0,15}-[0-9]{8}-[0-9]{6}-[0-9])(-.*)?")
_IDENTITY = re.compile(r"[0-9A-Z]{2}[0-9]{6}[0-9A-Z]{10}")  # both kinds hold six digits of a region there
_PHONE = re.compile(r"1[3-9][0-9]{9}")
_TAIL = re.compile(rf"[0-9-]{{{SHORTEST_TAIL},}}")


class Kind(Enum):
    """By what do we look?"""

    NUMBER = "办件编号"
    TAIL = "办件编号末尾"
    IDENTITY = "证件号码"
    PHONE = "手机号"
    NAME = "名称"


@dataclass(frozen=True)
class Sought:
    """What is looked for, in the form in which the record keeps it."""

    kind: Kind
    value: str
    fault: str = ""  # why a number cannot be one


def sought(typed: str) -> Sought | None:
    """What these signs mean; None when there is nothing to look for.

    Numbers may be typed in full-width digits, with spaces between them, in small letters; the number of an
    item, a paper or a certificate begins with that of its case.
    """
    words = unicodedata.normalize("NFKC", typed.replace("\x00", "")).strip()[:LONGEST]
    plain = re.sub(r"\s", "", words).upper()
    if not plain:
        return None
    if case := _CASE.fullmatch(plain):
        return Sought(Kind.NUMBER, case[1], fault_of_case_number(case[1]) or "")
    if _IDENTITY.fullmatch(plain):
        return Sought(Kind.IDENTITY, plain)
    if _PHONE.fullmatch(plain):
        return Sought(Kind.PHONE, plain)
    if _TAIL.fullmatch(plain):
        return Sought(Kind.TAIL, plain)
    return Sought(Kind.NAME, words)
