"""送达: the applicant has the results, at the counter or by courier; the ten-day clocks stop (art. 44)."""

from datetime import datetime

from sqlmodel import Session

from actions.acting import Asked, Doing, Field, Scene, text
from actions.dating import stop_clocks
from actions.moving import record
from actions.permitting import must_be_allowed
from models.account import Account
from models.case import Case, items_of, lock_case
from rules.clock import ClockKind
from rules.errors import AlreadyDone, Faulty, WrongState
from rules.moments import china_text
from rules.states import Act

TRACKING_LIMIT = 50  # signs; the column's width


def deliver(session: Session, number: str, *, by: Account, at: datetime, tracking: str = "") -> Case:
    """领取登记; `tracking` is the courier's number where the results were posted."""
    must_be_allowed(by, Act.DELIVER)
    case = lock_case(session, number)
    made = [item for item in items_of(session, number) if item.result_number]  # also of a case opened again
    if not made:
        raise WrongState("结果还没有制作完成，不能送达。")
    if case.delivered_at:
        raise AlreadyDone(f"结果已于 {china_text(case.delivered_at)} 送达。", number)
    if len(tracking) > TRACKING_LIMIT:
        raise Faulty({"tracking": f"快递单号请不超过 {TRACKING_LIMIT} 个字符。"})
    case.delivered_at = at
    for item in made:
        stop_clocks(session, case, item, at=at, kind=ClockKind.DELIVERY)
    record(session, case, Act.DELIVER, by=by.username, at=at, facts={"tracking": tracking.strip()})
    return case


def _deliver(asked: Asked) -> object:
    tracking = text(asked, "tracking")
    return deliver(asked.session, asked.number, by=asked.by, at=asked.at, tracking=tracking)


def _something_to_deliver(scene: Scene) -> bool:
    items = items_of(scene.session, scene.case.number)
    return scene.case.delivered_at is None and any(item.result_number for item in items)


DOINGS = (
    Doing(
        "deliver",
        Act.DELIVER,
        False,
        (Field("tracking", "快递单号", required=False, hint="当面领取不填"),),
        _deliver,
        _something_to_deliver,
    ),
)
