"""准予、不予或转报: a department decides its item, in its own name; the last decision is the joint answer."""

from datetime import date, datetime

from sqlmodel import Session

from actions.accepting import stated
from actions.acting import REASON, Asked, Doing, Field, Form, Scene, day, text
from actions.following import follow
from actions.moving import SYSTEM
from actions.needing import consented, must_be_open_to_objection, what_holds
from actions.permitting import must_have, on_behalf
from actions.readying import may_decide, must_be_last_step, unheard
from actions.settling import Decision, settle
from models.account import Account, name_of
from models.case import Case, Item, items_of, lock_case
from models.version import bundle_of_version
from rules.answering import UNSTORABLE
from rules.errors import AlreadyDone, Faulty, NotFound, WrongState
from rules.moments import china_day, china_text
from rules.selecting import is_commitment
from rules.states import ITEM_DECIDED, Act, ItemState, Lane, item_after

NO_REASON = "不予许可必须写明理由（行政许可法第三十八条）。"
CONDITIONS, AUTHORITY = 2000, 200  # signs; the columns' widths


def grant(
    session: Session,
    number: str,
    item: str,
    *,
    by: Account,
    at: datetime,
    opinion: str = "",
    conditions: str = "",
    conditions_until: date | None = None,
    batch: str = "",
) -> Item:
    """准予, or 附条件准予 with the day by which the conditions must be met. `item` is its code (B1-2) or its number.

    `batch` names the batch in which it is granted (批量准予), for the record.
    """
    case, mine, items, post = _mine(session, number, item, Act.GRANT, by, at)
    if held := what_holds(session, case, mine, items, at=at):
        raise WrongState(held)
    spec = bundle_of_version(session, case.bundle_digest).item(mine.code)
    decision = Decision(
        Act.GRANT,
        Lane.COMMITMENT if is_commitment(spec, case.answers) else Lane.PERSON,
        stated(opinion, "", "opinion", "意见") if opinion.strip() else "",
        conditions=_conditions(conditions, conditions_until, china_day(at)),
        conditions_until=conditions_until,
        facts=on_behalf(post) | ({"batch": batch} if batch else {}),
    )
    return _decide(session, case, mine, items, decision, by=by, at=at)


def refuse(session: Session, number: str, item: str, reason: str, *, by: Account, at: datetime) -> Item:
    """不予, always with reasons (art. 38); it stops only those that cannot go on without it."""
    case, mine, items, post = _mine(session, number, item, Act.REFUSE, by, at)
    decision = Decision(Act.REFUSE, Lane.PERSON, stated(reason, NO_REASON), facts=on_behalf(post))
    return _decide(session, case, mine, items, decision, by=by, at=at)


def transfer(
    session: Session, number: str, item: str, authority: str, reason: str, *, by: Account, at: datetime
) -> Item:
    """转报: another authority decides (art. 43). Those that need a grant here stop, as with a refusal."""
    case, mine, items, post = _mine(session, number, item, Act.TRANSFER, by, at)
    authority = authority.strip()
    if not authority or len(authority) > AUTHORITY or UNSTORABLE.search(authority):
        raise Faulty({"authority": f"请写明转报给哪个机关，不超过 {AUTHORITY} 字。"})
    reason = stated(reason, "请写明转报的理由。")
    decision = Decision(Act.TRANSFER, Lane.PERSON, reason, transferred_to=authority, facts=on_behalf(post))
    return _decide(session, case, mine, items, decision, by=by, at=at)


def item_named(items: list[Item], name: str, case_number: str) -> Item:
    """The item with this code or number."""
    for item in items:
        if name in (item.code, item.number):
            return item
    raise NotFound(
        f"办件 {case_number} 没有事项“{name}”，它的事项有：{'、'.join(item.code for item in items)}。"
    )


def _mine(
    session: Session, number: str, name: str, act: Act, by: Account, at: datetime
) -> tuple[Case, Item, list[Item], str]:
    """The case, locked, its item that this person may decide now, all items, and whom the person acts for."""
    case = lock_case(session, number)
    items = items_of(session, number)
    item = item_named(items, name, number)
    post = must_have(session, case, item, act, by=by, at=at)
    if item.state in ITEM_DECIDED and item.decided_at:
        when = china_text(item.decided_at)
        whose = "系统" if item.decided_by == SYSTEM else name_of(session, item.decided_by)
        done = "转报" if item.state is ItemState.TRANSFERRED else item.state.label
        raise AlreadyDone(f"“{item.name}”已于 {when} 由 {whose} 作出{done}决定，不能重复办理。", number)
    item_after(item.state, act)  # raises before anything is written
    if act is not Act.GRANT:
        must_be_open_to_objection(session, case, item, items, at=at)
    return case, item, items, must_be_last_step(session, case, item, by=by, at=at) or post


def _conditions(conditions: str, until: date | None, today: date) -> str:
    """附条件准予: what is asked and by when, or neither."""
    conditions = conditions.strip()
    if conditions and until is None:
        raise Faulty({"conditions_until": "附条件准予要写明条件的履行期限。"})
    if until and not conditions:
        raise Faulty({"conditions": "写了履行期限，就要写明所附的条件；不附条件的都不填。"})
    if until and until <= today:
        raise Faulty({"conditions_until": "条件的履行期限应在今天之后。"})
    if UNSTORABLE.search(conditions):
        raise Faulty({"conditions": "文字里有控制字符，请删去。"})
    if len(conditions) > CONDITIONS:
        raise Faulty({"conditions": f"所附条件请不超过 {CONDITIONS} 字。"})
    return conditions


def _decide(
    session: Session,
    case: Case,
    item: Item,
    items: list[Item],
    decision: Decision,
    *,
    by: Account,
    at: datetime,
) -> Item:
    settle(session, case, item, items, decision, by=by.username, at=at)
    follow(session, case, items, at=at)
    return item


def _grant(asked: Asked) -> object:
    return grant(
        asked.session,
        asked.number,
        asked.item,
        by=asked.by,
        at=asked.at,
        opinion=text(asked, "opinion"),
        conditions=text(asked, "conditions"),
        conditions_until=day(asked, "conditions_until"),
    )


def _refuse(asked: Asked) -> object:
    reason = text(asked, "reason")
    return refuse(asked.session, asked.number, asked.item, reason, by=asked.by, at=asked.at)


def _transfer(asked: Asked) -> object:
    authority, reason = text(asked, "authority"), text(asked, "reason")
    return transfer(asked.session, asked.number, asked.item, authority, reason, by=asked.by, at=asked.at)


def _undecidable(scene: Scene) -> str:
    return unheard(scene.session, scene.item) if scene.item else ""


def _ungrantable(scene: Scene) -> str:
    if scene.item is None or scene.at is None:  # some rules ask on which day
        return _undecidable(scene)
    items = items_of(scene.session, scene.case.number)
    return _undecidable(scene) + what_holds(scene.session, scene.case, scene.item, items, at=scene.at)


def _unobjectionable(scene: Scene) -> str:
    if scene.item is None or scene.at is None:
        return _undecidable(scene)
    items = items_of(scene.session, scene.case.number)
    return _undecidable(scene) + consented(scene.session, scene.case, scene.item, items, at=scene.at)


DOINGS = (
    Doing(
        "grant",
        Act.GRANT,
        True,
        (
            Field("opinion", "意见", Form.TEXT, required=False),
            Field("conditions", "所附条件", Form.TEXT, required=False, hint="附条件准予的，与期限一起填写"),
            Field("conditions_until", "条件的履行期限", Form.DATE, required=False),
        ),
        _grant,
        lambda scene: may_decide(scene, Act.GRANT),
        held=_ungrantable,
    ),
    Doing(
        "refuse",
        Act.REFUSE,
        True,
        (REASON,),
        _refuse,
        lambda scene: may_decide(scene, Act.REFUSE),
        held=_unobjectionable,
    ),
    Doing(
        "transfer",
        Act.TRANSFER,
        True,
        (Field("authority", "转报给哪个机关", hint="例如：省级主管部门"), REASON),
        _transfer,
        lambda scene: may_decide(scene, Act.TRANSFER),
        held=_unobjectionable,
    ),
)
