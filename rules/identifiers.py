"""Is this number genuine? Check digits of identity numbers, credit codes, mobile and case numbers (domain 2.5)."""

import re
import secrets
from datetime import date

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015: no I O S V Z
USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ID_CHECKS = "10X98765432"
MAIL_WORD = r"[A-Za-z0-9!#$%&*/=?^_`{|}~-]+"  # no apostrophe: mail gateways take such addresses apart
EMAIL = rf"{MAIL_WORD}([.+]{MAIL_WORD})*@([A-Za-z0-9-]+\.)+[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]"
NOT_IN_NUMBERS = re.compile(r"[\s\-()（）]|^\+86")
QUERY_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # nothing that is misread on paper: no 0 O 1 I L


def fault_of_id_number(number: str, today: date) -> str | None:
    """Why this is not a 公民身份号码 (GB 11643-1999), or None."""
    if not re.fullmatch(r"[0-9]{17}[0-9Xx]", number):
        return "身份证号应为 18 位，前 17 位是数字。"
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return "身份证号中的出生日期不存在。"
    if born > today:
        return "身份证号中的出生日期在今天之后。"
    total = sum(int(digit) * weight for digit, weight in zip(number, ID_WEIGHTS, strict=False))
    if ID_CHECKS[total % 11] != number[-1].upper():
        return "身份证号校验位不对，请核对每一位。"
    return None


def fault_of_uscc(code: str) -> str | None:
    """Why this is not a 统一社会信用代码 (GB 32100-2015), or None."""
    if len(code) != 18 or any(sign not in USCC_ALPHABET for sign in code):
        return "统一社会信用代码应为 18 位大写字母或数字（不含 I、O、S、V、Z）。"
    total = sum(USCC_ALPHABET.index(sign) * weight for sign, weight in zip(code, USCC_WEIGHTS, strict=False))
    if USCC_ALPHABET[(31 - total % 31) % 31] != code[-1]:
        return "统一社会信用代码校验位不对，请核对每一位。"
    return None


def fault_of_mobile(number: str) -> str | None:
    """Why this is not a mainland mobile number, or None."""
    if not re.fullmatch(r"1[3-9][0-9]{9}", number):
        return "手机号应为 11 位数字，以 13 至 19 开头。"
    return None


def fault_of_email(address: str) -> str | None:
    """Why this is not an e-mail address, or None. Delivery is the real proof; this catches slips."""
    if not re.fullmatch(EMAIL, address):
        return "电子邮箱格式不对，应类似 name@example.com。"
    return None


def as_usual(words: str) -> str:
    """How it is usually written: one number or mailbox is the same words here, however it was typed.

    A mailbox is the same in capitals; a hyphen in it makes it another one, in a number it does not.
    """
    plain = words.strip().upper()
    return plain if "@" in plain else NOT_IN_NUMBERS.sub("", plain)


def case_number(region: str, bundle: str, on: date, serial: int) -> str:
    """`{region 6}-{bundle}-{yyyymmdd}-{serial 6}-{check}`; the check digit is ISO 7064 MOD 11,10."""
    stem = f"{region}-{bundle}-{on:%Y%m%d}-{serial:06d}"
    return f"{stem}-{check_digit(stem)}"


def result_number(item_number: str) -> str:
    """证照编号: known from the grant on, so that those who wait for the result can name it before it is made."""
    return f"{item_number}-Z"


def fault_of_case_number(number: str) -> str | None:
    """Why this cannot be a case number, or None: tells a slip of the finger from an unknown case."""
    if not re.fullmatch(r"[0-9]{6}-[A-Z][A-Z0-9]{0,15}-[0-9]{8}-[0-9]{6}-[0-9]", number):
        return "办件编号格式不对，应类似 000000-B1-20260306-000001-2。"
    if check_digit(number[:-2]) != int(number[-1]):
        return "办件编号校验位不对，请核对每一位。"
    return None


def check_digit(stem: str) -> int:
    """ISO 7064 MOD 11,10 over the digits of the stem; a letter counts as its two-digit base-36 value."""
    digits = "".join(str(int(sign, 36)) for sign in stem if sign.isalnum())
    product = 10
    for digit in digits:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10


def query_code() -> str:
    """查询码: eight signs drawn at random, about 39 bits; look-ups are rate-limited besides."""
    return "".join(secrets.choice(QUERY_ALPHABET) for _ in range(8))
