"""What does an item need of others, and what still holds its grant?"""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session

from actions.dating import hall_calendar
from actions.readying import visit_missing
from models.case import Case, Item
from models.clock import running_clocks
from models.owing import papers_in
from models.version import bundle_of_version
from rules.bundle import Blocks, Bundle, ItemSpec
from rules.clock import Clock, ClockKind, due_of
from rules.errors import WrongState
from rules.joining import Needs, consequences, waits_to_decide
from rules.material import MaterialState
from rules.moments import china_day
from rules.selecting import needs_in_force
from rules.states import ItemState

CONSENTED = "期限内没有提出异议，依法视为同意，不能再提出异议；由系统记为准予。"


def needs_of(bundle: Bundle, case: Case, items: list[Item]) -> Needs:
    """The dependencies in force between the items of this case, by item code."""
    codes = frozenset(item.code for item in items)
    return {item.code: needs_in_force(bundle.item(item.code), codes, case.answers) for item in items}


def block_all(bundle: Bundle) -> frozenset[str]:
    """The items whose refusal stops the whole case."""
    return frozenset(item.code for item in bundle.items if item.blocks is Blocks.ALL)


def ended_by(bundle: Bundle, case: Case, items: list[Item], undone: Iterable[Item]) -> list[Item]:
    """Those that ended only because of what became of these, whose decisions are undone now."""
    needs, all_stopped = needs_of(bundle, case, items), block_all(bundle)
    ended = {item.code for item in items if item.state is ItemState.NOT_NEEDED}
    states = {item.code: ItemState.PENDING if item.code in ended else item.state for item in items}
    anew = {item.code: ItemState.IN_REVIEW for item in undone}
    with_them, without = (
        {code for code, _ in consequences(needs, given, all_stopped).stop}
        for given in (states, states | anew)
    )
    return [item for item in items if item.code in ended & (with_them - without)]


def what_holds(session: Session, case: Case, mine: Item, items: list[Item], *, at: datetime) -> str:
    """Why the item may not be granted yet, a sentence for each reason; '' if nothing holds it.

    Its decision gates, what was accepted with gaps (容缺), its 公示期 and its site visit. They hold whoever decides: a
    person, a rule or the clock.
    """
    bundle = bundle_of_version(session, case.bundle_digest)
    states = {item.code: item.state for item in items}
    names = {item.code: item.name for item in items}
    spec, why = bundle.item(mine.code), ""
    if waiting := waits_to_decide(mine.code, needs_of(bundle, case, items), states):
        why += f"须等“{'、'.join(names[code] for code in waiting)}”办结后才能作出决定。"
    if gaps := papers_in(session, case.number, spec.materials, MaterialState.DEFERRED):
        why += f"容缺材料“{'、'.join(gaps)}”尚未补齐，补齐后才能准予。"
    return why + _still_published(spec, mine, at) + visit_missing(session, case, mine)


def consented(session: Session, case: Case, mine: Item, items: list[Item], *, at: datetime) -> str:
    """逾期未异议视为同意: why it is too late to object although the patrol has not been there; '' if it is not."""
    spec = bundle_of_version(session, case.bundle_digest).item(mine.code)
    if spec.silence is None or mine.state is not ItemState.IN_REVIEW:
        return ""
    over = any(
        row.kind is ClockKind.SILENCE and row.next_rung_at and row.due_at and row.due_at < at
        for row in running_clocks(session, case.number, mine.number)
    )
    return CONSENTED if over and not what_holds(session, case, mine, items, at=at) else ""


def must_be_open_to_objection(
    session: Session, case: Case, mine: Item, items: list[Item], *, at: datetime
) -> None:
    """不予 and whatever else speaks against the item: not once the law has taken the silence for consent."""
    if said := consented(session, case, mine, items, at=at):
        raise WrongState(said)


def _still_published(spec: ItemSpec, item: Item, at: datetime) -> str:
    """公示期: others must have had the whole of it to object; the last day ends it."""
    if spec.notice_period is None or item.handed_over_at is None:
        return ""
    until = due_of(Clock(spec.notice_period, item.handed_over_at), hall_calendar()).day
    if until is None or china_day(at) >= until:
        return ""
    basis = f"，{spec.notice_period.basis}" if spec.notice_period.basis else ""
    return f"公示期（{spec.notice_period.text}{basis}）到 {until} 届满，届满前不能准予。"
