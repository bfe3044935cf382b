"""What does an identity reader type? A line into the field that has the focus, ended by Enter (keyboard wedge).

The line is either the number alone (公民身份号码 GB 11643, or 统一社会信用代码 GB 32100), or fields with one of
`, ， | ; ；`, a tab or blanks between them: the name first or right after the number, the address last. What else
readers put between them (sex, nation, birthday, issuing office) is left out. Examples:
陈一诺|女|汉|19900101|示例市示例路1号|…018 and 陈一诺,…018,示例市示例路1号 and …018 陈一诺. Birthday and sex stand
in the number, but no form asks for them.
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
_BLANKS = re.compile(r"\s+")
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
    parts, number, said = _fields(line)
    personal = _PERSONAL.fullmatch(number) is not None
    # Eighteen digits may be either kind of number; a check digit that fits decides.
    fault = fault_of_id_number(number, today) if personal else fault_of_uscc(number)
    if fault and personal and fault_of_uscc(number) is None:
        personal, fault = False, None
    if fault:
        raise Faulty({"reader": f"读到的号码不对：{fault}"})
    others = [part for part in parts if part and part != said]
    name = (
        others[0] if others and _is_name(others[0], after_number=parts[0] == said, personal=personal) else ""
    )
    return Reading(
        ApplicantKind.PERSON if personal else ApplicantKind.ORGANISATION,
        number,
        name[:LONGEST_NAME],
        _address(others[1:] if name else others),
    )


def _fields(line: str) -> tuple[list[str], str, str]:
    """The fields, the number among them, and how the card writes it."""
    for between in (_SEPARATORS, _BLANKS):  # the number itself may be written with blanks in it
        parts = [part.strip() for part in between.split(line.strip())]
        # What is a number may come in full-width digits; names and addresses stay as they are.
        numbers = {unicodedata.normalize("NFKC", part).replace(" ", "").upper(): part for part in parts}
        if number := next((one for one in numbers if _NUMBER.fullmatch(one)), ""):
            return parts, number, numbers[number]
    raise Faulty({"reader": NOT_READ})


def _is_name(words: str, *, after_number: bool, personal: bool) -> bool:
    """What comes first is one. After the number it may be a sex, a nation or an address instead."""
    if any(sign.isdigit() for sign in words):
        return False
    if not after_number or not personal:
        return True
    return "·" in words or (1 < len(words) < SHORTEST_ADDRESS and not words.endswith("族"))


def _address(others: list[str]) -> str:
    """The longest of what is left, unless it is only a date, an office or too short to be one."""
    fitting = [
        one
        for one in others
        if len(one) >= SHORTEST_ADDRESS and not one.endswith(_OFFICE) and not re.fullmatch(r"[0-9.\- ]+", one)
    ]
    return max(fitting, key=len, default="")[:LONGEST_ADDRESS]
