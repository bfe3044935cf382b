"""领取方式: collected at the window or sent by courier, as the applicant chooses, until the results have left."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from actions.acting import Asked, Doing, Field, Form, Scene, text
from actions.moving import APPLICANT, record
from actions.permitting import must_be_allowed
from models.account import Account
from models.after import lying_ready, refusals_lying_ready
from models.case import Case, lock_case
from models.online import ResultWish, wish_of
from rules.answering import UNSTORABLE
from rules.errors import Faulty, WrongState
from rules.identifiers import fault_of_mobile
from rules.moments import china_text
from rules.people import ResultWay
from rules.states import CASE_CLOSED, Act, CaseState

NAME_LIMIT, ADDRESS_LIMIT = 100, 400  # signs; the columns' widths
FIELDS = ("recipient", "phone", "address")


@dataclass(frozen=True)
class ParcelTo:
    """Whom a parcel reaches, and where: read only where one is written."""

    recipient: str
    phone: str
    address: str
    chosen: bool  # by the applicant for the parcel; else it is what the application says


def choose_way(
    session: Session, number: str, way: ResultWay, parcel: dict[str, str], *, by: Account | None, at: datetime
) -> ResultWish:
    """选择领取方式. `by` None: the applicant. `parcel`: recipient, phone and address, asked for couriers only."""
    if by is not None:
        must_be_allowed(by, Act.CHOOSE_WAY)
    given = {name: parcel.get(name, "").strip() if way is ResultWay.COURIER else "" for name in FIELDS}
    if way is ResultWay.COURIER and (faults := _faults(given)):
        raise Faulty(faults)
    case = lock_case(session, number)
    if not still_to_come(session, case):
        raise WrongState(_why_not(case))
    wish = wish_of(session, number) or ResultWish(case_number=number, way=way, chosen_at=at)
    wish.way, wish.chosen_at = way, at
    wish.recipient, wish.phone, wish.address = (given[name] for name in FIELDS)
    session.add(wish)
    actor = by.username if by else APPLICANT
    record(session, case, Act.CHOOSE_WAY, by=actor, at=at, facts={"way": way.value})
    return wish


def still_to_come(session: Session, case: Case) -> bool:
    """Is there a result whose way can still be chosen? Not one that has left, unless it came back."""
    if case.archived_at or case.delivered_at:
        return False
    if case.state is not CaseState.CONCLUDED:
        return case.state not in CASE_CLOSED
    if case.issued_at is None:  # nothing is made yet
        return True
    return bool(lying_ready(session, case.number) or refusals_lying_ready(session, case))


def _why_not(case: Case) -> str:
    if case.state in CASE_CLOSED and case.state is not CaseState.CONCLUDED:
        return f"办件{case.state.label}，没有结果可以领取。"
    if case.archived_at:
        return f"办件已于 {china_text(case.archived_at)} 归档，不用再选择。"
    return "结果都已送达或者寄出，不用再选择。"


def parcel_to(session: Session, case: Case) -> ParcelTo:
    """Where a parcel of this case goes."""
    wish = wish_of(session, case.number)
    if wish and wish.way is ResultWay.COURIER:
        return ParcelTo(wish.recipient, wish.phone, wish.address, chosen=True)
    return ParcelTo(case.contact_name or case.applicant_name, case.phone, case.address, chosen=False)


def _faults(given: dict[str, str]) -> dict[str, str]:
    found = {
        "recipient": _worded(given["recipient"], "收件人", NAME_LIMIT),
        "phone": fault_of_mobile(given["phone"]),
        "address": _worded(given["address"], "收件地址", ADDRESS_LIMIT),
    }
    return {name: fault for name, fault in found.items() if fault}


def _worded(text: str, what: str, limit: int) -> str | None:
    if not text:
        return f"请填写{what}。"
    if len(text) > limit:
        return f"{what}请不超过 {limit} 字。"
    return f"{what}里有不能识别的符号，请重新输入。" if UNSTORABLE.search(text) else None


def _choose(asked: Asked) -> object:
    way = text(asked, "way")
    if way not in set(ResultWay):
        raise Faulty({"way": "请选择窗口领取或者快递送达。"})
    parcel = {name: text(asked, name) for name in FIELDS}
    return choose_way(asked.session, asked.number, ResultWay(way), parcel, by=asked.by, at=asked.at)


def _ways(_: Scene) -> list[tuple[str, str]]:
    return [(way.value, way.label) for way in ResultWay]


DOINGS = (
    Doing(
        "choose-way",
        Act.CHOOSE_WAY,
        False,
        (
            Field("way", "领取方式", Form.CHOICE, choices=_ways),
            Field("recipient", "收件人", required=False, hint="快递送达的才填"),
            Field("phone", "收件人手机号", required=False),
            Field("address", "收件地址", required=False),
        ),
        _choose,
        lambda scene: still_to_come(scene.session, scene.case),
    ),
)
