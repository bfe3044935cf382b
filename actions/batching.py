"""批量准予: identical simple items granted together, each in a transaction of its own; a refusal is never a batch.

First it is shown what would be granted and what not, and why; what has changed since is not granted.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from actions.deciding import grant
from actions.meanwhile import Tried, saying_who
from actions.needing import what_holds
from actions.permitting import must_have
from actions.readying import must_be_last_step, spec_of
from models.account import Account
from models.batch import Batch, BatchItem, batch_items, keep_batch, lock_next
from models.case import Case, Item, items_of, lock_case
from models.desk import WHOLE_BATCH, items_named
from models.owing import papers_in
from models.supplement import gaps_of
from models.together import gatherings_of, opinions_of, rectifications_of
from models.worklists import AtDesk
from rules.answering import UNSTORABLE
from rules.duties import OF_A_DEPARTMENT
from rules.errors import Faulty, NotFound, NotYourDesk, Refused, WrongState
from rules.material import MaterialState
from rules.states import Act, item_after

MOST = WHOLE_BATCH  # what one person can have looked at before confirming
OPINION = 2000  # signs; the column's width
CHANGED = "预览之后这个办件有了新的办理，没有一并准予，请打开看过再办。"


@dataclass(frozen=True)
class Candidate:
    """An item that was ticked, and why it is not granted with the others ('' if it may be)."""

    item: Item
    case: Case
    why_not: str

    @property
    def at_desk(self) -> AtDesk:
        """As a line of the desk."""
        return AtDesk(self.item, self.case)


@dataclass(frozen=True)
class Confirmed:
    """What was confirmed on the preview: the revision of its case as it was shown, by item number."""

    batch_id: UUID
    seen: Mapping[str, int]
    opinion: str


def look_over(session: Session, numbers: Sequence[str], *, by: Account, at: datetime) -> list[Candidate]:
    """What would be granted together, and what not; nothing changes. The first one says which item it is about."""
    _must_be_of_a_department(by)
    numbers = list(dict.fromkeys(numbers))
    _must_fit(numbers)
    found = {row.item.number: row for row in items_named(session, numbers)}
    if unknown := [number for number in numbers if number not in found]:
        raise NotFound(f"没有编号为 {unknown[0]} 的事项。")
    rows = [found[number] for number in numbers]
    own = [row for row in rows if row.item.department_code == by.department_code]
    first = (own or rows)[0].item
    return [Candidate(row.item, row.case, _why_not(session, row, first, by, at)) for row in rows]


def begin_batch(session: Session, confirmed: Confirmed, *, by: Account, at: datetime) -> None:
    """Keep what is to be granted; the same form sent twice begins nothing anew."""
    _must_be_of_a_department(by)
    _must_fit(confirmed.seen)
    opinion = confirmed.opinion.strip()
    if UNSTORABLE.search(opinion) or len(opinion) > OPINION:
        raise Faulty({"opinion": f"意见请不超过 {OPINION} 字，不含控制字符。"})
    rows = items_named(session, confirmed.seen)
    if len(rows) < len(confirmed.seen) or len({row.item.code for row in rows}) > 1:
        raise WrongState("批量准予一次只办同一个事项，请回到待办重新选择。")
    batch = Batch(
        id=confirmed.batch_id,
        department_code=by.department_code or "",
        username=by.username,
        item_code=rows[0].item.code,
        opinion=opinion,
        begun_at=at,
    )
    if not keep_batch(session, batch):
        batch_of(session, confirmed.batch_id, by=by)
        return
    for row in rows:
        revision = confirmed.seen[row.item.number]
        number = row.item.number
        one = BatchItem(batch_id=batch.id, item_number=number, case_number=row.case.number, revision=revision)
        session.add(one)
    session.flush()


def grant_next(session: Session, batch_id: UUID, *, by: Account, at: datetime) -> BatchItem | None:
    """Grant the next item of the batch, or say why not; None when there is none left.

    A transaction of its own for each: what one cannot have stops none of the others.
    """
    batch = batch_of(session, batch_id, by=by)
    row = lock_next(session, batch_id)
    if row is None:
        return None
    try:
        with session.begin_nested(), saying_who(session, _tried(row, by, at)):
            _grant_one(session, batch, row, by, at)
        row.granted = True
    except Refused as refused:
        row.granted, row.said = False, str(refused)[:1000]
    session.add(row)
    session.flush()
    return row


def batch_of(session: Session, batch_id: UUID, *, by: Account) -> Batch:
    """The batch, to the person who began it."""
    batch = session.get(Batch, batch_id)
    if batch is None or batch.username != by.username:
        raise NotFound("没有这次批量办理。")
    return batch


def became_of(session: Session, batch_id: UUID, *, by: Account) -> list[tuple[BatchItem, AtDesk]]:
    """What became of each item of the batch."""
    batch_of(session, batch_id, by=by)
    rows = batch_items(session, batch_id)
    found = {row.item.number: row for row in items_named(session, [one.item_number for one in rows])}
    return [(one, found[one.item_number]) for one in rows]


def _grant_one(session: Session, batch: Batch, row: BatchItem, by: Account, at: datetime) -> None:
    case = lock_case(session, row.case_number)
    item = next(one for one in items_of(session, case.number) if one.number == row.item_number)
    if why := _why_not(session, AtDesk(item, case), item, by, at):
        raise WrongState(why)
    if case.revision != row.revision:
        raise WrongState(CHANGED)
    grant(session, case.number, item.number, by=by, at=at, opinion=batch.opinion, batch=str(batch.id))


def _tried(row: BatchItem, by: Account, at: datetime) -> Tried:
    return Tried(row.case_number, row.item_number, Act.GRANT, by, at)


def _why_not(session: Session, row: AtDesk, like: Item, by: Account, at: datetime) -> str:
    """Why this one is not granted together with the others; '' if it may be. Asked again under the lock."""
    item, case = row.item, row.case
    if item.code != like.code:
        return f"不是“{like.name}”。批量准予一次只办同一个事项。"
    try:
        must_have(session, case, item, Act.GRANT, by=by, at=at)
        item_after(item.state, Act.GRANT)
        must_be_last_step(session, case, item, by=by, at=at)
    except Refused as refused:
        return str(refused)
    if held := what_holds(session, case, item, items_of(session, case.number), at=at):
        return held
    return _not_simple(session, case, item)


def _not_simple(session: Session, case: Case, item: Item) -> str:
    """What a person must look at by itself, though it might be granted."""
    if any(gap.answered_at is None for gap in gaps_of(session, case.number)):
        return "还有没补正的缺件，请单独办理。"
    needed = spec_of(session, case, item).materials
    if papers_in(session, case.number, needed, MaterialState.DEFERRED, MaterialState.AWAITED):
        return "材料没有到齐，请单独办理。"
    opinions = [one for one in opinions_of(session, case.number) if one.item_number == item.number]
    if any(one.agrees is False for one in opinions if one.answered_at):
        return "被征求意见的部门不同意，请单独办理。"
    if any(one.answered_at is None and one.cancelled_at is None for one in opinions):
        return "征求的意见还没有反馈，请单独办理。"
    findings = [one.findings.get(item.number) for one in gatherings_of(session, case.number)]
    if any(finding and not finding.get("passed") for finding in findings):
        return "联合踏勘没有通过，请单独办理。"
    if any(one.item_number == item.number for one in rectifications_of(session, case.number)):
        return "责令整改过，请单独办理。"
    return ""


def _must_fit(numbers: Collection[str]) -> None:
    if not numbers:
        raise Faulty({"item": "请先勾选要批量准予的事项。"})
    if len(numbers) > MOST:
        raise Faulty({"item": f"一次最多批量准予 {MOST} 件，您选了 {len(numbers)} 件，请分次办理。"})


def _must_be_of_a_department(by: Account) -> None:
    if by.role not in OF_A_DEPARTMENT or not by.department_code:
        raise NotYourDesk("批量准予由部门的经办和负责人办理。")
