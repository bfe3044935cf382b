"""Which districts may accounts belong to, and what are they called? Read from districts.yaml, once."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from config.reading import read
from config.settings import settings
from rules.districts import SHAPE, county_of, prefix_of, reaches
from rules.errors import Faulty, Refused

FILE = Path(__file__).parent / "districts.yaml"
LONGEST_NAME = 50


@lru_cache(maxsize=1)
def districts() -> dict[str, str]:
    """Code -> name, in the order of the file."""
    return read_districts(FILE)


def choices() -> dict[str, str]:
    """What an account of this installation may be narrowed to: the districts that are a part of its region."""
    region = settings().region
    return {code: name for code, name in districts().items() if _is_part(code, region)}


def district_name(code: str) -> str:
    """The name for pages; '' is the whole region."""
    code = code or settings().region
    return districts().get(code, code)


def district_given(typed: str) -> str:
    """The district that was typed for an account; '' when it is the whole installation. Raises Faulty."""
    typed, region = typed.strip(), settings().region
    if not typed or (SHAPE.fullmatch(typed) and reaches(typed, region)):
        return ""
    offered = choices()
    if typed not in offered:
        known = "、".join(f"{code}（{name}）" for code, name in offered.items()) or "没有"
        raise Faulty({"district": f"没有行政区划“{typed[:20]}”，可用的：{known}；不填是整个 {region}。"})
    return typed


def read_districts(path: Path) -> dict[str, str]:
    """The districts in this file, or one sentence about the first that is wrong."""
    reading = read(path)
    listed = reading.content.get("districts") if isinstance(reading.content, dict) else None
    if reading.faults or not isinstance(listed, list):
        raise Refused(f"{path.name} 读不了：{reading.faults[0] if reading.faults else '应有 districts 一项'}")
    found: dict[str, str] = {}
    for place, row in enumerate(listed, start=1):
        code, name = _row(row, f"{path.name} 的第 {place} 个区划")
        if code in found:
            raise Refused(f"{path.name} 里的区划 {code} 写了两次。")
        found[code] = name
    for code in found:
        if county_of(code) not in found:
            raise Refused(f"{path.name} 里有 {code}，却没有它所在的县（区）{county_of(code)}。")
    return found


def _row(row: Any, where: str) -> tuple[str, str]:
    code, name = (row.get("code"), row.get("name")) if isinstance(row, dict) else (None, None)
    if not isinstance(code, str) or not SHAPE.fullmatch(code):
        raise Refused(f"{where}的 code 应是加引号的 6 位（市、县）或 9 位（乡镇、街道）数字。")
    if not isinstance(name, str) or not 0 < len(name.strip()) <= LONGEST_NAME:
        raise Refused(f"{where}（{code}）应有 name，不超过 {LONGEST_NAME} 字。")
    return code, name.strip()


def _is_part(code: str, region: str) -> bool:
    return reaches(region, code) and prefix_of(code) != prefix_of(region)
