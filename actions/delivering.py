"""送达: results reach the applicant at the counter or by courier; each grant's ten days end with that (art. 44)."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session

from actions.acting import REASON, Asked, Doing, Field, Form, Scene, several, text, worded
from actions.dating import start_delivery_clock, stop_clocks
from actions.deciding import item_named
from actions.moving import record
from actions.permitting import must_be_allowed
from config.catalogue import departments
from models.account import Account
from models.after import Delivery, deliveries_of
from models.case import Case, Item, items_of, lock_case
from models.notice import queue_notice
from models.version import bundle_of_version
from rules.clock import ClockKind
from rules.errors import AlreadyDone, Faulty, WrongState
from rules.notices import Event
from rules.states import Act

TRACKING_LIMIT, COURIER_LIMIT, NAME_LIMIT = 50, 50, 100  # signs; the columns' widths


def deliver(
    session: Session,
    number: str,
    *,
    by: Account,
    at: datetime,
    items: Iterable[str] = (),
    recipient: str = "",
) -> Delivery:
    """领取登记 at the counter: these results, or all that lie ready; a parcel on its way is noted as arrived."""
    must_be_allowed(by, Act.DELIVER)
    case = lock_case(session, number)
    recipient = _short(recipient or case.applicant_name, "recipient", "领取人", NAME_LIMIT)
    if parcel := next(iter(on_the_way(session, number)), None):
        parcel.delivered_at, parcel.recipient = at, recipient
        handed = parcel
    else:
        chosen = _ready(session, case, items)
        handed = Delivery(
            case_number=number,
            items=[item.number for item in chosen],
            recipient=recipient,
            sent_by=by.username,
            sent_at=at,
            delivered_at=at,
        )
        session.add(handed)
        _stop(session, case, chosen, at)
    session.flush()
    if not ready_to_go(session, case) and not on_the_way(session, number):
        case.delivered_at = at
    record(session, case, Act.DELIVER, by=by.username, at=at, facts={"items": handed.items})
    return handed


def ship(
    session: Session,
    number: str,
    courier: str,
    tracking: str,
    *,
    by: Account,
    at: datetime,
    items: Iterable[str] = (),
) -> Delivery:
    """寄出: by courier under a tracking number. The ten days end when it is handed to the courier (assumption)."""
    must_be_allowed(by, Act.SHIP)
    case = lock_case(session, number)
    courier = _short(courier, "courier", "快递公司", COURIER_LIMIT)
    tracking = _short(tracking, "tracking", "快递单号", TRACKING_LIMIT)
    if on_the_way(session, number):
        raise WrongState("前一件快递还没有登记送达或退回，请先登记。")
    chosen = _ready(session, case, items)
    parcel = Delivery(
        case_number=number,
        items=[item.number for item in chosen],
        courier=courier,
        tracking_number=tracking,
        sent_by=by.username,
        sent_at=at,
    )
    session.add(parcel)
    _stop(session, case, chosen, at)
    facts = {"items": parcel.items, "courier": courier, "tracking": tracking}
    record(session, case, Act.SHIP, by=by.username, at=at, facts=facts)
    told = {"results": _results(session, case, chosen), "courier": courier, "tracking": tracking}
    queue_notice(session, case, Event.SHIPPED, about=f"{case.revision}", facts=told, at=at)
    return parcel


def returned(session: Session, number: str, reason: str, *, by: Account, at: datetime) -> Delivery:
    """退件: the parcel came back; its results lie ready again, and their ten days run anew (assumption)."""
    must_be_allowed(by, Act.RETURNED)
    case = lock_case(session, number)
    reason = worded(reason, "reason", "请写明退回的原因。")
    waiting = on_the_way(session, number)
    if not waiting:
        raise WrongState("没有在途的快递。")
    parcel = waiting[0]
    parcel.returned_at, parcel.return_reason = at, reason
    for item in _of(session, case, parcel.items):
        start_delivery_clock(session, case, item, at=at)
    facts = {"items": parcel.items, "tracking": parcel.tracking_number}
    record(session, case, Act.RETURNED, by=by.username, at=at, reason=reason, facts=facts)
    place = departments()[bundle_of_version(session, case.bundle_digest).lead_department].place
    told = {"tracking": parcel.tracking_number, "reason": reason, "place": place}
    queue_notice(session, case, Event.RETURNED, about=f"{case.revision}", facts=told, at=at)
    return parcel


def ready_to_go(session: Session, case: Case) -> list[Item]:
    """Results that are made and lie here."""
    gone = {
        number
        for one in deliveries_of(session, case.number)
        if one.returned_at is None
        for number in one.items
    }
    return [item for item in items_of(session, case.number) if item.result_number and item.number not in gone]


def on_the_way(session: Session, number: str) -> list[Delivery]:
    """Parcels with the courier."""
    return [
        one for one in deliveries_of(session, number) if one.delivered_at is None and one.returned_at is None
    ]


def _ready(session: Session, case: Case, names: Iterable[str]) -> list[Item]:
    ready = ready_to_go(session, case)
    if not ready:
        if case.delivered_at:
            raise AlreadyDone("结果已经全部送达。", case.number)
        raise WrongState("结果还没有制作完成，不能送达。")
    wanted = [item_named(items_of(session, case.number), name, case.number) for name in names]
    lying = {item.number for item in ready}
    if absent := [item.name for item in wanted if item.number not in lying]:
        raise Faulty({"items": f"“{'、'.join(absent)}”没有可以送达的结果。"})
    return wanted or ready


def _stop(session: Session, case: Case, items: Iterable[Item], at: datetime) -> None:
    for item in items:
        stop_clocks(session, case, item, at=at, kind=ClockKind.DELIVERY)


def _of(session: Session, case: Case, numbers: Iterable[str]) -> list[Item]:
    wanted = set(numbers)
    return [item for item in items_of(session, case.number) if item.number in wanted]


def _results(session: Session, case: Case, items: Iterable[Item]) -> list[dict[str, str]]:
    bundle = bundle_of_version(session, case.bundle_digest)
    return [{"name": bundle.item(item.code).result, "number": item.result_number} for item in items]


def _short(words: str, field: str, label: str, limit: int) -> str:
    words = words.strip()
    if not words or len(words) > limit:
        raise Faulty({field: f"请填写{label}，不超过 {limit} 个字符。"})
    return words


def _deliver(asked: Asked) -> object:
    return deliver(
        asked.session,
        asked.number,
        by=asked.by,
        at=asked.at,
        items=several(asked, "items"),
        recipient=text(asked, "recipient"),
    )


def _ship(asked: Asked) -> object:
    courier, tracking = text(asked, "courier"), text(asked, "tracking")
    items = several(asked, "items")
    return ship(asked.session, asked.number, courier, tracking, by=asked.by, at=asked.at, items=items)


def _returned(asked: Asked) -> object:
    return returned(asked.session, asked.number, text(asked, "reason"), by=asked.by, at=asked.at)


def _choices(scene: Scene) -> list[tuple[str, str]]:
    return [(item.code, item.name) for item in ready_to_go(scene.session, scene.case)]


WHICH = Field("items", "哪些结果", Form.SEVERAL, required=False, hint="不选即全部", choices=_choices)

DOINGS = (
    Doing(
        "deliver",
        Act.DELIVER,
        False,
        (WHICH, Field("recipient", "领取人", required=False, hint="不填即申请人本人")),
        _deliver,
        lambda scene: bool(_choices(scene) or on_the_way(scene.session, scene.case.number)),
    ),
    Doing(
        "ship",
        Act.SHIP,
        False,
        (Field("courier", "快递公司"), Field("tracking", "快递单号"), WHICH),
        _ship,
        lambda scene: bool(_choices(scene)) and not on_the_way(scene.session, scene.case.number),
    ),
    Doing(
        "returned",
        Act.RETURNED,
        False,
        (REASON,),
        _returned,
        lambda scene: bool(on_the_way(scene.session, scene.case.number)),
    ),
)
