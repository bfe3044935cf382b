"""办事指南和结果公开: does the bundle say what everybody must be told, and whether its results are public?"""

from collections.abc import Iterator

from config.finding import Finding, Subject
from config.lint_limits import MARKED, MARKS
from rules.bundle import Guide

ELEMENTS = {
    "fee": "收费情况",
    "place": "受理地点",
    "supervision_phone": "监督电话",
    "responsible": "责任人",
}
WHY = "办事指南必须公示（行政许可法第三十条）"


def check_guide(subject: Subject) -> Iterator[Finding]:
    """Every element of the guide that no item or material tells, with its source."""
    guide = subject.bundle.guide
    for name in missing_elements(guide):
        remedy = f"请在 guide 里写 {name}，{WHY}。"
        yield Finding(("guide",), f"办事指南没有写{ELEMENTS[name]}。", remedy)
    if subject.wrote("guide") and not MARKED.search(guide.source):
        yield Finding(("guide", "source"), "办事指南没有写来源。", f"请写 source 并注明是 {MARKS}。")


def check_publication(subject: Subject) -> Iterator[Finding]:
    """Nobody may assume that what people got is everybody's business, or nobody's."""
    publication, where = subject.bundle.publication, ("publication",)
    if not subject.wrote("publication", "public"):
        remedy = "请写 publication: {public: true 或 false, reason: …}；涉及私人生活的写 false。"
        yield Finding(where, "没有写结果是否公开。", remedy)
    elif not MARKED.search(publication.reason):
        remedy = f"请在 reason 里写明公开或者不公开的理由，注明是 {MARKS}。"
        yield Finding((*where, "reason"), "结果公开没有写有出处的理由。", remedy)


def missing_elements(guide: Guide) -> list[str]:
    """The elements nobody has written."""
    return [name for name in ELEMENTS if not getattr(guide, name).strip()]
