"""What is wrong with these files of the catalogue? Every fault of every file in one run."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from config.catalogue import BUNDLE_SHAPE, DEPARTMENT_SHAPE, departments
from config.finding import Finding, Subject, doubled
from config.lint_guide import check_guide, check_publication
from config.lint_limits import check_bundle_limits, check_limits, check_retention, check_special
from config.lint_references import check_items, check_materials, check_names, check_needs
from config.lint_supplement import check_supplement
from config.lint_together import check_together
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
    check_retention,
    check_special,
    check_together,
    check_supplement,
    check_guide,
    check_publication,
    check_questions,
    check_conditions,
    check_messages,
)

DEPARTMENT_TEXTS = {"code": 32, "name": 100, "short_name": 50}  # at most so many signs: they are columns


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
    mended = Mended(reading, reading.content, BUNDLE_SHAPE)
    if mended.value is None:
        return None
    subject = Subject(mended.value, frozenset(departments()), reading.content)
    for check in CHECKS:
        for finding in check(subject):
            if not mended.covers((0, *finding.where)):
                reading.fault(reading.line_of(finding.where), finding.message, finding.remedy)
    return subject.bundle


def _check_departments(reading: Reading) -> None:
    written = reading.content["departments"]
    if not isinstance(written, list) or not written:
        reading.fault(
            reading.line_of(("departments",)), "departments 应为列表（每项以“- ”开头）。", "请列出各部门。"
        )
        return
    mended = [Mended(reading, each, DEPARTMENT_SHAPE, ("departments", at)) for at, each in enumerate(written)]
    for place, each in enumerate(mended):
        for name, most in DEPARTMENT_TEXTS.items() if each.value else ():
            if not 0 < len(getattr(each.value, name).strip()) <= most and not each.covers((0, name)):
                line = reading.line_of(("departments", place, name))
                reading.fault(line, f"部门的 {name} 没有写，或超过 {most} 字。", "请填写，或写短。")
    for place, code in doubled(each.value.code if each.value else "" for each in mended):
        if mended[place].value and not mended[place].covers((0, "code")):
            line = reading.line_of(("departments", place, "code"))
            reading.fault(line, f"部门编号 {code} 重复。", "请给每个部门不同的编号。")


def _check_taken(reading: Reading, bundle: Bundle, taken: dict[str, str]) -> None:
    for name, value in (("code", bundle.code), ("slug", bundle.slug)):
        if value in taken and value:
            message = f"{name} {value} 已被 {taken[value]} 使用。"
            reading.fault(reading.line_of((name,)), message, "每件事的编号和英文名不能相同。")
        taken.setdefault(value, reading.file)
