"""What does an identity reader type? A line into the field that has the focus, ended by Enter (keyboard wedge).

The line is either the number alone (公民身份号码 GB 11643, or 统一社会信用代码 GB 32100), or fields with one of
`, ， | ; ；` between them: the name first, the number somewhere, the address last. What else readers put
between them (sex, nation, birthday, issuing office) is left out. Example: 陈一诺|女|汉|19900101|示例市示例路1号|…018
is read as well as 陈一诺,…018,示例市示例路1号.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from rules.errors import Faulty
from rules.identifiers import fault_of_id_number, fault_of_uscc
from rules.people import ApplicantKind

LONGEST_NAME, LONGEST_ADDRESS = 100, 400
SHORTEST_ADDRESS = 6  # a sex or a nation is shorter
_SEPARATORS = re.compile(r"[,，|;；\t]")
_NUMBER = re.compile(r"[0-9A-Z]{18}")
_PERSONAL = re.compile(r"[0-9]{17}[0-9X]")
_OFFICE = ("公安局", "分局", "派出所")  # the issuing office is no address
NOT_READ = "没有读到号码，请重读；读卡器应输出“姓名|号码|住址”，或只输出 18 位号码。"


@dataclass(frozen=True)
class Reading:
    """What the card says; '' where the reader says nothing."""

    kind: ApplicantKind
    id_number: str
    name: str = ""
    address: str = ""


def read_card(line: str, today: date) -> Reading:
    """The reading, or Faulty under the name `reader` when the number is missing or its check digit is wrong."""
    parts = [part.strip() for part in _SEPARATORS.split(line)]
    # What is a number may come in full-width digits; names and addresses stay as they are.
    numbers = {unicodedata.normalize("NFKC", part).replace(" ", "").upper(): part for part in parts}
    number = next((one for one in numbers if _NUMBER.fullmatch(one)), "")
    if not number:
        raise Faulty({"reader": NOT_READ})
    personal = _PERSONAL.fullmatch(number) is not None
    # Eighteen digits may be either kind of number; a check digit that fits decides.
    fault = fault_of_id_number(number, today) if personal else fault_of_uscc(number)
    if fault and personal and fault_of_uscc(number) is None:
        personal, fault = False, None
    if fault:
        raise Faulty({"reader": f"读到的号码不对：{fault}"})
    others = [part for part in parts if part and part != numbers[number]]
    return Reading(
        ApplicantKind.PERSON if personal else ApplicantKind.ORGANISATION,
        number,
        _name(parts, numbers[number]),
        _address(others[1:] if _name(parts, numbers[number]) else others),
    )


def _name(parts: list[str], number: str) -> str:
    first = parts[0]
    return first[:LONGEST_NAME] if first != number and not any(sign.isdigit() for sign in first) else ""


def _address(others: list[str]) -> str:
    """The longest of what is left, unless it is only a date, an office or too short to be one."""
    fitting = [
        one
        for one in others
        if len(one) >= SHORTEST_ADDRESS and not one.endswith(_OFFICE) and not re.fullmatch(r"[0-9.\- ]+", one)
    ]
    return max(fitting, key=len, default="")[:LONGEST_ADDRESS]
