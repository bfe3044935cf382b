"""送达: results reach the applicant at the counter or by courier; each grant's ten days end with that (art. 44)."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session

from actions.acting import worded
from actions.dating import start_delivery_clock, stop_clocks
from actions.deciding import item_named
from actions.moving import record
from actions.permitting import must_be_allowed
from actions.rating import invite
from config.catalogue import departments
from models.account import Account, name_of
from models.after import (
    Delivery,
    came_back,
    deliveries_of,
    handed_over,
    lying_ready,
    on_the_way,
    refusals_lying_ready,
)
from models.case import Case, Item, items_of, lock_case
from models.document import standing_refusals
from models.notice import queue_notice
from models.version import bundle_of_version
from rules.answering import UNSTORABLE
from rules.clock import ClockKind
from rules.documents import DocumentKind
from rules.errors import AlreadyDone, Faulty, WrongState
from rules.moments import china_text
from rules.notices import Event
from rules.states import CASE_CLOSED, Act, CaseState

TRACKING_LIMIT, COURIER_LIMIT, NAME_LIMIT = 50, 50, 100  # signs; the columns' widths


def deliver(
    session: Session,
    number: str,
    *,
    by: Account,
    at: datetime,
    items: Iterable[str] = (),
    at_counter: bool = False,
    recipient: str = "",
) -> Delivery:
    """领取登记 at the counter: these results and refusals, or all that lie ready.

    Results on their way are named when they have arrived: who hands over all there is means the counter, and must
    not learn that a parcel another window has just posted counts as received. Nor must who names what lay `at_counter`.
    """
    must_be_allowed(by, Act.DELIVER)
    case = lock_case(session, number)
    recipient = _short(recipient or case.applicant_name, "recipient", "领取人", NAME_LIMIT)
    named = _named(session, number, items)
    if not at_counter and (parcel := _parcel_meant(session, case, named)):
        parcel.delivered_at, parcel.recipient = at, recipient
        handed = parcel
    else:
        chosen = _ready(session, case, named)
        handed = _send(session, case, chosen, by, at, recipient=recipient, delivered_at=at)
    record(session, case, Act.DELIVER, by=by.username, at=at, facts={"items": handed.items})
    was_it_the_last(session, case, at=at)
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
    chosen = _ready(session, case, _named(session, number, items))
    parcel = _send(session, case, chosen, by, at, courier=courier, tracking_number=tracking)
    facts = {"items": parcel.items, "courier": courier, "tracking": tracking}
    record(session, case, Act.SHIP, by=by.username, at=at, facts=facts)
    told = {"results": _papers(session, case, chosen), "courier": courier, "tracking": tracking}
    queue_notice(session, case, Event.SHIPPED, about=f"{case.revision}", facts=told, at=at)
    return parcel


def returned(
    session: Session, number: str, reason: str, *, by: Account, at: datetime, items: Iterable[str] = ()
) -> Delivery:
    """退件: the parcel came back; its results lie ready again, and their ten days run anew (assumption)."""
    must_be_allowed(by, Act.RETURNED)
    case = lock_case(session, number)
    reason = worded(reason, "reason", "请写明退回的原因。")
    named = _named(session, number, items)
    if not (parcels := on_the_way(session, number)):
        raise WrongState("没有在途的快递。")
    parcel = _one_of(parcels, named)
    parcel.returned_at, parcel.return_reason = at, reason
    session.flush()
    ready = lying_ready(session, number)
    back = came_back(ready, [parcel])  # not what was granted anew while an older result was on its way
    for item in ready:
        if item.number in back:
            start_delivery_clock(session, case, item, at=at)
    facts = {"items": parcel.items, "tracking": parcel.tracking_number}
    record(session, case, Act.RETURNED, by=by.username, at=at, reason=reason, facts=facts)
    place = departments()[bundle_of_version(session, case.bundle_digest).lead_department].place
    told = {"tracking": parcel.tracking_number, "reason": reason, "place": place}
    queue_notice(session, case, Event.RETURNED, about=f"{case.revision}", facts=told, at=at)
    was_it_the_last(session, case, at=at)  # of what counts: a refusal that came back holds up nothing
    return parcel


def was_it_the_last(session: Session, case: Case, *, at: datetime) -> None:
    """Where nothing lies here or travels any more, all is delivered, and the applicant is asked how it was."""
    session.flush()
    case.delivered_at = all_arrived(session, case)
    if case.delivered_at:
        invite(session, case, at=at)


def all_arrived(session: Session, case: Case) -> datetime | None:
    """When the last result reached the applicant; None while more may come, or something lies here or travels."""
    more_to_come = case.state not in CASE_CLOSED or (
        case.state is CaseState.CONCLUDED and case.issued_at is None
    )
    if more_to_come or lying_ready(session, case.number) or on_the_way(session, case.number):
        return None
    return max(
        (one.delivered_at for one in deliveries_of(session, case.number) if one.delivered_at), default=None
    )


def _named(session: Session, number: str, names: Iterable[str]) -> list[Item]:
    items = items_of(session, number)
    chosen = {(found := item_named(items, name, number)).number: found for name in names}
    return list(chosen.values())


def _parcel_meant(session: Session, case: Case, named: list[Item]) -> Delivery | None:
    """The parcel whose arrival is to be noted, or None: results are handed over at the counter."""
    parcels = on_the_way(session, case.number)
    travelling = {number for parcel in parcels for number in parcel.items}
    if not travelling & {item.number for item in named}:
        return None
    return _one_of(parcels, named)


def _one_of(parcels: list[Delivery], named: list[Item]) -> Delivery:
    """The parcel with these results; with none named, the only one."""
    wanted = {item.number for item in named}
    found = [parcel for parcel in parcels if wanted <= set(parcel.items)]
    if not found:
        raise Faulty({"items": "所选的结果不在同一件快递里，请分开登记。"})
    if len(found) > 1:
        raise Faulty({"items": "有几件快递在途，请选择是哪一件里的结果。"})
    return found[0]


def _ready(session: Session, case: Case, named: list[Item]) -> list[Item]:
    """What is to go out now; refused where it is not made yet, or has gone already."""
    ready = lying_ready(session, case.number) + refusals_lying_ready(session, case)
    here = {item.number for item in ready}
    absent = [item for item in named if item.number not in here]
    sent = deliveries_of(session, case.number)
    for item in absent or (items_of(session, case.number) if case.issued_at and not ready else []):
        if gone := handed_over(item, sent):
            raise AlreadyDone(_how_it_went(session, item, gone), case.number)
    if not ready:
        raise WrongState("结果还没有制作完成，不能送达。")
    if absent:
        raise Faulty({"items": f"“{'、'.join(item.name for item in absent)}”没有可以送达的结果。"})
    return named or ready


def _how_it_went(session: Session, item: Item, gone: Delivery) -> str:
    way = f"寄出（{gone.courier} {gone.tracking_number}）" if gone.courier else f"交给{gone.recipient}"
    who = name_of(session, gone.sent_by)
    return f"“{item.name}”的结果已于 {china_text(gone.sent_at)} 由 {who} {way}。"


def _send(
    session: Session,
    case: Case,
    chosen: list[Item],
    by: Account,
    at: datetime,
    *,
    recipient: str = "",
    delivered_at: datetime | None = None,
    courier: str = "",
    tracking_number: str = "",
) -> Delivery:
    """These results leave the house, and what the law gives for it is kept."""
    sent = Delivery(
        case_number=case.number,
        items=[item.number for item in chosen],
        recipient=recipient,
        courier=courier,
        tracking_number=tracking_number,
        sent_by=by.username,
        sent_at=at,
        delivered_at=delivered_at,
    )
    session.add(sent)
    for item in chosen:
        stop_clocks(session, case, item, at=at, kind=ClockKind.DELIVERY)
    return sent


def _papers(session: Session, case: Case, items: Iterable[Item]) -> list[dict[str, str]]:
    """What the parcel holds: the certificate of what was granted, the decision of what was refused."""
    bundle = bundle_of_version(session, case.bundle_digest)
    refusals = {one.item_number: one for one in standing_refusals(session, case.number)}
    return [
        {"name": f"{item.name}{DocumentKind.REFUSAL.label}", "number": refusals[item.number].number}
        if item.number in refusals
        else {"name": bundle.item(item.code).result, "number": item.result_number}
        for item in items
    ]


def _short(words: str, field: str, label: str, limit: int) -> str:
    words = words.strip()
    if not words or len(words) > limit or UNSTORABLE.search(words):
        raise Faulty({field: f"请填写{label}，不超过 {limit} 个字符。"})
    return words
