"""Does another item fit in what is left of a case's time? What is left, and the longest path through the new item."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session

from actions.dating import in_play, left_of_promise
from models.case import Case, Item
from rules.bundle import Bundle, ItemSpec, Limit, Need
from rules.clock import ClockKind, reading
from rules.selecting import longest_hours, longest_path, needs_in_force, promise_of, shortest_hours
from rules.states import ITEM_OPEN


@dataclass(frozen=True)
class Fit:
    """What is left of the case's promise, in words, and what does not fit in it."""

    left: str
    warnings: tuple[str, ...]


def fit_of(
    session: Session, case: Case, bundle: Bundle, items: list[Item], spec: ItemSpec, *, at: datetime
) -> Fit:
    """Counts each open item by what its own promise has left, the new one by its whole promise."""
    left = left_of_promise(session, case, at=at)
    if left is None:
        return Fit("", ())
    if left.n <= 0:
        return Fit("0", (f"联合承诺期限已经届满，“{spec.name}”只有最短的期限，办件不能按承诺办结。",))
    hours = shortest_hours(left)
    own = promise_of(spec, case.answers)
    warnings = []
    if longest_hours(own) > hours:
        warnings.append(f"“{spec.name}”的承诺期限是{own.text}，联合承诺期限只剩{left.text}，按剩余时间计算。")
    path = longest_path(*_still_to_do(session, case, bundle, items, replace(spec, promise=own), at))
    if spec.code in path.items and len(path.items) > 1 and path.hours > hours:
        names = " → ".join(bundle.item(code).name for code in path.items)
        days = f"{path.working_days} 个工作日"
        warnings.append(f"最长路径“{names}”还需约 {days}，联合承诺期限只剩{left.text}，来不及按承诺办结。")
    return Fit(left.text, tuple(warnings))


def _still_to_do(
    session: Session, case: Case, bundle: Bundle, items: list[Item], joining: ItemSpec, at: datetime
) -> tuple[list[ItemSpec], dict[str, tuple[Need, ...]]]:
    """The open items with what their promises have left, the one that joins, and the needs between them."""
    ledger = in_play(session, case)
    left = {
        row.item_number: reading(row.clock(ledger.procedures_for(row)), ledger.calendar_of(row), at).remaining
        for row in ledger.rows
        if row.kind is ClockKind.PROMISED and row.stopped_at is None
    }
    specs = [joining]
    for item in items:
        if item.state in ITEM_OPEN and item.code != joining.code:
            promise = promise_of(bundle.item(item.code), case.answers)
            rest = Limit(max(0, left.get(item.number, promise.n)), promise.unit)
            specs.append(replace(bundle.item(item.code), promise=rest))
    codes = frozenset(one.code for one in specs)
    return specs, {one.code: needs_in_force(one, codes, case.answers) for one in specs}
