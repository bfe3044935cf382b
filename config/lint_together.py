"""Can the departments work as the file says? Steps in order, time to put right with its source, visits that fit."""

from collections.abc import Iterator

from config.finding import Finding, Subject
from config.lint_limits import check_figures
from rules.bundle import Unit
from rules.states import DeskStep

ORDER = tuple(DeskStep)
WRITTEN = "steps: [handle, review, approve]，可以省去前面的，最后总是 approve"


def check_together(subject: Subject) -> Iterator[Finding]:
    """Steps inside a department, rectification, joint visits."""
    for place, item in enumerate(subject.bundle.items):
        where = ("items", place)
        steps = tuple(step for step in ORDER if step in item.steps)
        if item.steps != steps or not steps or steps[-1] is not DeskStep.APPROVE:
            yield Finding((*where, "steps"), f"事项 {item.code} 的办理环节不对。", f"请按顺序写 {WRITTEN}。")
        if item.rectify:
            yield from check_figures((*where, "rectify"), item.rectify)
            if not item.rectify.source and not item.rectify.basis:
                remedy = "请写 source，注明是 [C]、[L]（写明出处）、[G] 或 assumption。"
                yield Finding((*where, "rectify"), f"事项 {item.code} 的整改期限没有写来源。", remedy)
            if item.rectify.extend or item.rectify.unit in (Unit.IMMEDIATE, Unit.HOUR):
                remedy = "请用工作日或自然日，不写 extend；不够时可以再次责令整改。"
                yield Finding((*where, "rectify"), f"事项 {item.code} 的整改期限不合理。", remedy)
        if item.visit and item.promise.unit is Unit.IMMEDIATE:
            remedy = "需要上门的事项不能即办，请改承诺期限，或删去 visit。"
            yield Finding((*where, "visit"), f"事项 {item.code} 即办，却需要踏勘。", remedy)
