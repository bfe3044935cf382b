"""What stands in a YAML file, and on which line? Plain values, their lines, and every fault on the way."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from rules.answering import UNSTORABLE

LARGEST = 256 << 10  # bytes; our longest bundle is a tenth of that
LARGEST_NUMBER = 10**12  # also keeps out what is not a number
DEEPEST = 20  # levels; a bundle needs seven
TEXT = "tag:yaml.org,2002:str"
PLAIN = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null"))

Where = tuple[str | int, ...]  # the way to a value: ("items", 3, "legal", "n")


@dataclass(frozen=True, order=True)
class Fault:
    """A fault of a file: where, what, and what to do about it."""

    file: str
    line: int
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}：{self.message} {self.remedy}"


@dataclass
class Reading:
    """A file as read. `content` is None when there is nothing that could be read."""

    file: str
    content: Any = None
    lines: dict[Where, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    unread: set[Where] = field(default_factory=set)  # reported here; stands in the content as None

    def fault(self, line: int, message: str, remedy: str) -> None:
        self.faults.append(Fault(self.file, line, message, remedy))

    def could_not_read(self, where: Where, message: str, remedy: str) -> None:
        self.unread.add(where)
        self.fault(self.line_of(where), message, remedy)

    def line_of(self, where: Where) -> int:
        """The line of the value, or of the nearest thing around it that is there."""
        while where and where not in self.lines:
            where = where[:-1]
        return self.lines.get(where, 1)


def read(path: Path) -> Reading:
    """Read any file whatsoever: it never raises, it reports."""
    reading = Reading(str(path))
    text = _text(path, reading)
    if text is None:
        return reading
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except RecursionError:
        reading.fault(1, "文件嵌套太深。", "一件事的文件不需要这么多层，请检查缩进和括号。")
        return reading
    except (YAMLError, ValueError) as error:
        _report_syntax(error, reading)
        return reading
    reading.content = None if root is None else _value(root, (), reading, set())
    if reading.content is None and not reading.faults:
        reading.fault(1, "文件是空的。", "请按 docs/catalogue.md 填写一件事。")
    return reading


def _text(path: Path, reading: Reading) -> str | None:
    try:
        if path.is_dir():
            reading.fault(1, "这是一个文件夹。", "请给出其中的 YAML 文件。")
            return None
        with path.open("rb") as stream:
            content = stream.read(LARGEST + 1)
        if len(content) <= LARGEST:
            return content.decode("utf-8-sig")
        reading.fault(1, "文件超过 256 KB。", "一个文件只写一件事，请检查是否给错了文件。")
    except FileNotFoundError:
        reading.fault(1, "找不到文件。", "请检查文件名和所在的文件夹。")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        reading.fault(line, "文件不是 UTF-8 编码的文本。", "请用 UTF-8 编码另存。")
    except (OSError, ValueError):
        reading.fault(1, "文件读不出来。", "请检查它的权限。")
    return None


def _report_syntax(error: Exception, reading: Reading) -> None:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line = mark.line + 1 if mark else 1
    reading.fault(line, "YAML 语法错误。", "请检查这一行及其上一行的缩进、冒号后的空格、引号和括号是否成对。")


def _value(node: Node, where: Where, reading: Reading, seen: set[int]) -> Any:
    """The plain value of a node; what cannot be taken becomes None and a fault."""
    reading.lines.setdefault(where, node.start_mark.line + 1)
    if id(node) in seen:
        return reading.could_not_read(where, "用了锚点和别名（& 与 *）。", "请把内容直接写出来。")
    if len(where) > DEEPEST:
        return reading.could_not_read(
            where, "文件嵌套太深。", "一件事的文件不需要这么多层，请检查缩进和括号。"
        )
    seen.add(id(node))
    if isinstance(node, MappingNode):
        return _mapping(node, where, reading, seen)
    if isinstance(node, SequenceNode):
        return [_value(child, (*where, place), reading, seen) for place, child in enumerate(node.value)]
    return _scalar(node, where, reading)


def _mapping(node: MappingNode, where: Where, reading: Reading, seen: set[int]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, child in node.value:
        line = key_node.start_mark.line + 1
        key = str(key_node.value)
        if not isinstance(key_node, ScalarNode) or UNSTORABLE.search(key):
            reading.fault(line, "字段名不是文字。", "请写成“字段: 值”，值里有花括号的请加引号。")
        elif key in found:
            reading.fault(line, f"字段 {_short(key)} 写了两遍。", "请只留一处。")
        else:
            reading.lines[*where, key] = line
            found[key] = _value(child, (*where, key), reading, seen)
    return found


def _scalar(node: Node, where: Where, reading: Reading) -> Any:
    written = _short(node.value)
    if node.tag not in PLAIN:
        remedy = "日期等请加引号写成文字，不要用 ! 标记。"
        return reading.could_not_read(where, f"“{written}”的类型不能用。", remedy)
    try:
        # Most are text, which stands there as it is; a constructor each would take half of the time.
        value = (
            node.value if node.tag == TEXT else YAML(typ="safe", pure=True).constructor.construct_object(node)
        )
    except (YAMLError, ValueError, OverflowError):
        return reading.could_not_read(where, f"“{written}”读不懂。", "文字请加引号。")
    if isinstance(value, str) and UNSTORABLE.search(value):
        return reading.could_not_read(where, "文字里有控制字符。", "请删去。")
    if isinstance(value, int | float) and not abs(value) < LARGEST_NUMBER:
        return reading.could_not_read(where, f"“{written}”不是合理的数。", "请写一个确定的、不太大的数。")
    return value


def _short(text: object) -> str:
    return str(text)[:40]
