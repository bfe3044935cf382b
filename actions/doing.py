"""Which acts can a person take on a case, with what input? One list for every edge."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from actions.accepting import accept, decline
from actions.applying import supply
from actions.deciding import grant, refuse
from actions.delivering import deliver
from actions.suspending import Procedure, end_special, extend_case, extend_item, start_special
from models.account import Account
from models.case import Case, Item, find_case, items_of
from rules.answering import UNSTORABLE
from rules.application import Supplied
from rules.duties import may
from rules.errors import Faulty, NotFound
from rules.people import Role
from rules.states import (
    CASE_CLOSED,
    CASE_TRANSITIONS,
    ITEM_OPEN_AT_DESK,
    ITEM_TRANSITIONS,
    Act,
    CaseState,
)


@dataclass(frozen=True)
class Asked:
    """What somebody asks to be done."""

    session: Session
    number: str
    item: str
    data: Mapping[str, Any]
    by: Account
    at: datetime


@dataclass(frozen=True)
class Doing:
    """An act people take: on a case or on one of its items, with these fields."""

    name: str
    act: Act
    on_item: bool
    required: tuple[str, ...]
    optional: tuple[str, ...]
    run: Callable[[Asked], object]


@dataclass(frozen=True)
class Possible:
    """What this person may do now."""

    doing: Doing
    item: Item | None


def do(name: str, asked: Asked) -> None:
    """Take the act, or refuse in a sentence: an unknown act, a missing or unknown field, no item."""
    doing = DOINGS.get(name)
    if doing is None:
        raise NotFound(f"没有“{name}”这个动作，可用的有：{'、'.join(DOINGS)}。")
    if doing.on_item and not asked.item:
        raise Faulty({"item": f"{doing.act.label}要指明事项。"})
    unknown = set(asked.data) - set(doing.required) - set(doing.optional)
    missing = [field for field in doing.required if asked.data.get(field) in (None, "")]
    faults = {field: f"{doing.act.label}没有“{field}”这一项。" for field in sorted(unknown)}
    faults |= {field: f"{doing.act.label}要填写“{field}”。" for field in missing}
    if faults:
        raise Faulty(faults)
    doing.run(asked)


def possible(session: Session, number: str, by: Account) -> list[Possible]:
    """What this person may do with this case now, in the order of the case's life."""
    case = find_case(session, number)
    items = items_of(session, number)
    found = []
    for doing in DOINGS.values():
        if not doing.on_item and may(doing.act, by.role) and _open_for(doing, case, items, by):
            found.append(Possible(doing, None))
        if doing.on_item:
            found += [Possible(doing, item) for item in items if _item_open_for(doing, item, by)]
    return found


def _open_for(doing: Doing, case: Case, items: list[Item], by: Account) -> bool:
    if doing.act is Act.EXTEND:
        return by.role is Role.GOVERNMENT and case.state is CaseState.ACCEPTED
    if doing.act is Act.SUPPLY:
        return case.state not in CASE_CLOSED
    if doing.act is Act.DELIVER:
        return case.delivered_at is None and any(item.result_number for item in items)
    return (case.state, doing.act) in CASE_TRANSITIONS


def _item_open_for(doing: Doing, item: Item, by: Account) -> bool:
    if not may(doing.act, by.role, own_department=by.department_code, of_department=item.department_code):
        return False
    if doing.act is Act.EXTEND:
        return by.role is Role.HEAD and item.state in ITEM_OPEN_AT_DESK
    return (item.state, doing.act) in ITEM_TRANSITIONS


def _text(asked: Asked, field: str) -> str:
    text = str(asked.data.get(field) or "")
    if UNSTORABLE.search(text):
        raise Faulty({field: f"“{field}”里有控制字符，请删去。"})
    return text


def _days(asked: Asked, field: str) -> int:
    days = asked.data[field]
    if isinstance(days, str) and re.fullmatch(r"[0-9]{1,9}", days.strip()):
        return int(days)
    if type(days) is int:
        return days
    raise Faulty({field: "应填写工作日的天数。"})


def _accept(asked: Asked) -> object:
    return accept(asked.session, asked.number, by=asked.by, at=asked.at)


def _decline(asked: Asked) -> object:
    return decline(asked.session, asked.number, _text(asked, "reason"), by=asked.by, at=asked.at)


def _supply(asked: Asked) -> object:
    return supply(asked.session, asked.number, Supplied(_text(asked, "material")), by=asked.by, at=asked.at)


def _grant(asked: Asked) -> object:
    opinion = _text(asked, "opinion")
    return grant(asked.session, asked.number, asked.item, by=asked.by, at=asked.at, opinion=opinion)


def _refuse(asked: Asked) -> object:
    return refuse(asked.session, asked.number, asked.item, _text(asked, "reason"), by=asked.by, at=asked.at)


def _start_special(asked: Asked) -> object:
    days, basis = _days(asked, "expected_days"), _text(asked, "basis")
    procedure = Procedure(_text(asked, "kind"), _text(asked, "reason"), days, basis)
    return start_special(asked.session, asked.number, asked.item, procedure, by=asked.by, at=asked.at)


def _end_special(asked: Asked) -> object:
    return end_special(
        asked.session, asked.number, asked.item, _text(asked, "result"), by=asked.by, at=asked.at
    )


def _extend_item(asked: Asked) -> object:
    return extend_item(
        asked.session, asked.number, asked.item, _text(asked, "reason"), by=asked.by, at=asked.at
    )


def _extend_case(asked: Asked) -> object:
    reason, document = _text(asked, "reason"), _text(asked, "document")
    return extend_case(asked.session, asked.number, reason, document, by=asked.by, at=asked.at)


def _deliver(asked: Asked) -> object:
    return deliver(asked.session, asked.number, by=asked.by, at=asked.at, tracking=_text(asked, "tracking"))


DOINGS: Mapping[str, Doing] = {
    doing.name: doing
    for doing in (
        Doing("accept", Act.ACCEPT, False, (), (), _accept),
        Doing("decline", Act.DECLINE, False, ("reason",), (), _decline),
        Doing("supply", Act.SUPPLY, False, ("material",), (), _supply),
        Doing("grant", Act.GRANT, True, (), ("opinion",), _grant),
        Doing("refuse", Act.REFUSE, True, ("reason",), (), _refuse),
        Doing(
            "start-special",
            Act.START_SPECIAL,
            True,
            ("kind", "reason", "expected_days"),
            ("basis",),
            _start_special,
        ),
        Doing("end-special", Act.END_SPECIAL, True, ("result",), (), _end_special),
        Doing("extend", Act.EXTEND, True, ("reason",), (), _extend_item),
        Doing("extend-case", Act.EXTEND, False, ("reason", "document"), (), _extend_case),
        Doing("deliver", Act.DELIVER, False, (), ("tracking",), _deliver),
    )
}
