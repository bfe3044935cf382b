"""Does a file have the fields it must have, of the right types? Each fault once, the rest still readable."""

import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from pydantic import TypeAdapter, ValidationError

from config.catalogue import as_json
from config.finding import inside
from config.reading import Reading, Where
from rules.errors import Refused

ROUNDS = 12  # a file mended this often is mended, or hopeless

# What pydantic expected -> the Chinese word, and what to put there so that the other checks can go on.
EXPECTED: Mapping[str, tuple[str, Any]] = {
    "string_type": ("应为文字，数字和日期请加引号", ""),
    "int_type": ("应为整数", 1),
    "int_from_float": ("应为整数", 1),
    "float_type": ("应为数字", 1),
    "bool_type": ("应为 true 或 false", False),
    "tuple_type": ("应为列表（每项以“- ”开头）", []),
    "list_type": ("应为列表（每项以“- ”开头）", []),
    "dict_type": ("应为“字段: 值”", {}),
    "dataclass_type": ("应为“字段: 值”", {}),
    "time_parsing": ('应为钟点，例如 "09:00"', "09:00"),
}
ANSWER = "应为 true、false、数字或文字"  # a default may be any of them


class Mended:
    """A content brought into shape: its value, and which of its parts are not the author's."""

    def __init__(self, reading: Reading, content: Any, adapter: TypeAdapter[Any], above: Where = ()) -> None:
        self.reading = reading
        self.above = above
        self.content = [deepcopy(content)]
        self.parts: set[Where] = set()
        self.value: Any = self._mend(adapter)

    def covers(self, where: Where) -> bool:
        """Is this place, or something around it, a mended one? Then its faults are known already."""
        around = [where[:length] for length in range(1, len(where) + 1)]
        return any(part in self.parts or self._place(part) in self.reading.unread for part in around)

    def _place(self, where: Where) -> Where:
        """Where it stands in the file: what is checked is checked in a list of one."""
        return (*self.above, *where[1:])

    def _mend(self, adapter: TypeAdapter[Any]) -> Any:
        for _ in range(ROUNDS):
            try:
                return adapter.validate_json(as_json(self.content), strict=True)[0]
            except ValidationError as error:
                for found in error.errors(include_url=False, include_context=True):
                    self._mend_one(found)
            except Refused as refused:  # a value of the rules says itself what is wrong with it
                if not self.parts:
                    line = self.reading.line_of(self.above)
                    self.reading.fault(line, str(refused), "请改正，写法见 docs/catalogue.md。")
                return None
        if not self.reading.faults:  # not seen yet; better than silence
            self.reading.fault(1, "文件的内容认不出来。", "写法见 docs/catalogue.md。")
        return None

    def _mend_one(self, found: Mapping[str, Any]) -> None:
        where = self._existing(found["loc"], missing=found["type"] == "missing")
        if not self.covers(where):
            self._report(found, where)
        self.parts.add(where)
        if not where:
            return
        around: Any = self.content
        for part in where[:-1]:
            around = around[part]
        if found["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
            around.pop(where[-1], None)
        else:
            around[where[-1]] = _stand_in(found)

    def _existing(self, location: tuple[str | int, ...], *, missing: bool) -> Where:
        """The part of pydantic's location that is a place in the file: it also names the types it tried."""
        value: Any = self.content
        where: Where = ()
        for part in location:
            value, there = inside(value, part)
            if not there:
                return (*where, part) if missing and part == location[-1] else where
            where = (*where, part)
        return where

    def _report(self, found: Mapping[str, Any], where: Where) -> None:
        place = self._place(where)
        line = self.reading.line_of(place)
        name = field_name(place)
        match found["type"]:
            case "missing":
                self.reading.fault(line, f"缺少字段 {name}。", "请补上，写法见 docs/catalogue.md。")
            case "unexpected_keyword_argument" | "extra_forbidden":
                self.reading.fault(
                    line, f"没有 {name} 这个字段。", "请删去，或改正拼写，可用的字段见 docs/catalogue.md。"
                )
            case "enum":
                self.reading.fault(
                    line,
                    f"{name} 的值“{_short(found['input'])}”不认识。",
                    f"可用的值：{'、'.join(_choices(found))}。",
                )
            case kind:
                word = ANSWER if name.endswith(".default") else EXPECTED.get(kind, ("类型不对", None))[0]
                self.reading.fault(line, f"{name} {word}。", "请改正，写法见 docs/catalogue.md。")


def field_name(where: Where) -> str:
    """items[2].legal.n, counted from one as people do."""
    name = ""
    for part in where:
        name += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if name else part
    return name or "文件"


def _stand_in(found: Mapping[str, Any]) -> Any:
    if found["type"] == "enum":
        return _choices(found)[0]
    return deepcopy(EXPECTED.get(found["type"], ("", None))[1])


def _choices(found: Mapping[str, Any]) -> list[str]:
    return re.findall(r"'([^']*)'", found["ctx"]["expected"])


def _short(value: object) -> str:
    return str(value)[:40]
