"""What do identity readers type, and what is made of it?"""

from datetime import date

import pytest

from rules.card_reading import Reading, read_card
from rules.errors import Faulty
from rules.people import ApplicantKind

TODAY = date(2026, 3, 6)
NUMBER, CODE = "000000199001010018", "91000000000000000K"
PERSON, ORGANISATION = ApplicantKind.PERSON, ApplicantKind.ORGANISATION


@pytest.mark.parametrize(
    ("line", "reading"),
    [
        (NUMBER, Reading(PERSON, NUMBER)),
        (f" {NUMBER} ", Reading(PERSON, NUMBER)),
        ("０" * 6 + NUMBER[6:], Reading(PERSON, NUMBER)),
        (CODE.lower(), Reading(ORGANISATION, CODE)),
        (f"示例餐饮有限公司|{CODE}", Reading(ORGANISATION, CODE, "示例餐饮有限公司")),
        (f"陈一诺|{NUMBER}", Reading(PERSON, NUMBER, "陈一诺")),
        (
            f"陈一诺,{NUMBER},示例市示例区示例路1号",
            Reading(PERSON, NUMBER, "陈一诺", "示例市示例区示例路1号"),
        ),
        (
            f"陈一诺；女；汉；19900101；示例市示例区示例路1号；{NUMBER}；示例市公安局示例分局；20200101-20400101",
            Reading(PERSON, NUMBER, "陈一诺", "示例市示例区示例路1号"),
        ),
        (
            f"{NUMBER}|陈一诺|示例市示例区示例路1号",
            Reading(PERSON, NUMBER, "陈一诺", "示例市示例区示例路1号"),
        ),
        (f"{NUMBER}\t陈一诺", Reading(PERSON, NUMBER, "陈一诺")),
        (f"陈一诺 {NUMBER}", Reading(PERSON, NUMBER, "陈一诺")),
        (
            f"{NUMBER} 陈一诺 女 汉 示例市示例区示例路1号",
            Reading(PERSON, NUMBER, "陈一诺", "示例市示例区示例路1号"),
        ),
        (f"{NUMBER}|阿依努尔·示例", Reading(PERSON, NUMBER, "阿依努尔·示例")),
        (f"{NUMBER}|女|汉族|示例市示例区示例路1号", Reading(PERSON, NUMBER, "", "示例市示例区示例路1号")),
        (f"{NUMBER}|汉族", Reading(PERSON, NUMBER)),
        (f"{NUMBER}|示例市示例区示例路", Reading(PERSON, NUMBER, "", "示例市示例区示例路")),
        (f"{CODE}|示例餐饮有限公司", Reading(ORGANISATION, CODE, "示例餐饮有限公司")),
        (f"{NUMBER[:6]} {NUMBER[6:14]} {NUMBER[14:]}", Reading(PERSON, NUMBER)),
    ],
)
def test_readings(line: str, reading: Reading) -> None:
    assert read_card(line, TODAY) == reading


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("", "没有读到号码"),
        ("陈一诺|示例市", "没有读到号码"),
        (NUMBER[:-1] + "9", "校验位不对"),
        (f"陈一诺|{NUMBER[:-1]}7|示例市", "校验位不对"),
        ("000000199013010018", "出生日期不存在"),
        (CODE[:-1] + "A", "校验位不对"),
    ],
)
def test_what_cannot_be_read_is_said(line: str, why: str) -> None:
    with pytest.raises(Faulty) as told:
        read_card(line, TODAY)
    assert why in told.value.faults["reader"]
