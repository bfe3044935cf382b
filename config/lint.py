"""What is wrong with these files of the catalogue? Every fault of every file in one run."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from config.catalogue import BUNDLE_SHAPE, DEPARTMENT_SHAPE, departments
from config.finding import Finding, Subject, doubled
from config.lint_limits import check_bundle_limits, check_limits, check_special
from config.lint_references import check_items, check_materials, check_names, check_needs
from config.lint_wording import check_conditions, check_messages, check_questions
from config.reading import Fault, Reading, read
from config.shape import Mended
from rules.bundle import Bundle

CHECKS: tuple[Callable[[Subject], Iterator[Finding]], ...] = (
    check_names,
    check_items,
    check_needs,
    check_materials,
    check_limits,
    check_bundle_limits,
    check_special,
    check_questions,
    check_conditions,
    check_messages,
)


def check_files(paths: Iterable[Path]) -> list[Fault]:
    """Every fault, file by file, line by line. Nothing in a file can make this raise."""
    faults: list[Fault] = []
    taken: dict[str, str] = {}  # code or English name -> the file that has it
    for path in paths:
        reading = read(path)
        if isinstance(reading.content, dict):
            if "departments" in reading.content:
                _check_departments(reading)
            elif bundle := _check_bundle(reading):
                _check_taken(reading, bundle, taken)
        elif reading.content is not None:
            reading.fault(
                1, "文件的最外层不是“字段: 值”。", "请从 code: 开始写一件事，写法见 docs/catalogue.md。"
            )
        faults += sorted(set(reading.faults))
    return faults


def _check_bundle(reading: Reading) -> Bundle | None:
    mended = _mended(reading, [reading.content], BUNDLE_SHAPE)
    if mended.value is None:
        return None
    subject = Subject(mended.value[0], frozenset(departments()), reading.content)
    for check in CHECKS:
        for finding in check(subject):
            if not mended.covers((0, *finding.where)):
                reading.fault(reading.line_of(finding.where), finding.message, finding.remedy)
    return subject.bundle


def _check_departments(reading: Reading) -> None:
    mended = _mended(reading, reading.content["departments"], DEPARTMENT_SHAPE, "departments")
    for place, code in doubled(spec.code for spec in mended.value or ()):
        line = reading.line_of(("departments", place, "code"))
        reading.fault(line, f"部门编号 {code} 重复。", "请给每个部门不同的编号。")


def _mended(reading: Reading, content: Any, shape: TypeAdapter[Any], *above: str) -> Mended:
    mended = Mended(reading, content, shape, above)
    if mended.value is None and not reading.faults:
        reading.fault(1, "文件的内容认不出来。", "写法见 docs/catalogue.md。")
    return mended


def _check_taken(reading: Reading, bundle: Bundle, taken: dict[str, str]) -> None:
    for name, value in (("code", bundle.code), ("slug", bundle.slug)):
        if value in taken and value:
            message = f"{name} {value} 已被 {taken[value]} 使用。"
            reading.fault(reading.line_of((name,)), message, "每件事的编号和英文名不能相同。")
        taken.setdefault(value, reading.file)
