"""更正: a mistake in who applies and how to reach them is put right, and the file shows what stood there before."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from actions.accepting import stated
from actions.acting import REASON, Asked, Doing, Field, Scene, text
from actions.moving import record
from actions.permitting import must_be_allowed
from models.account import Account
from models.audit import sealed_pair
from models.case import Case, items_of, lock_case
from models.notice import queue_notice
from models.version import bundle_of_version
from rules.answering import UNSTORABLE
from rules.application import Agent, Applicant, Application, check_applicant
from rules.errors import Faulty, WrongState
from rules.identifiers import as_usual
from rules.masking import masked_email, masked_id_number, masked_phone
from rules.moments import china_day
from rules.notices import Channel, Event
from rules.people import ApplicantKind
from rules.states import Act

AGENTS = "agent_"
NONE = "无"  # what is typed to delete a field that may be empty


@dataclass(frozen=True)
class Part:
    """A field of the case that can be put right: what people call it, its column's width, how the checks name it."""

    label: str
    width: int
    checked_as: str
    may_be_empty: bool = False
    shown: Callable[[str], str] = (
        str  # as pages show what it is now: numbers by head and tail (data-protection.md)
    )


PARTS: Mapping[str, Part] = {
    "applicant_name": Part("申请人名称", 200, "applicant.name"),
    "applicant_id_number": Part("申请人证件号码", 18, "applicant.id_number", shown=masked_id_number),
    "contact_name": Part("联系人", 100, "applicant.contact_name", may_be_empty=True),
    "phone": Part("手机号", 18, "applicant.phone", shown=masked_phone),
    "email": Part("电子邮箱", 200, "applicant.email", may_be_empty=True, shown=masked_email),
    "address": Part("地址", 400, "address", may_be_empty=True),
    "agent_name": Part("代理人姓名", 100, "agent.name", may_be_empty=True),
    "agent_id_number": Part(
        "代理人证件号码", 18, "agent.id_number", may_be_empty=True, shown=masked_id_number
    ),
    "agent_phone": Part("代理人手机号", 18, "agent.phone", may_be_empty=True, shown=masked_phone),
    "agent_authority": Part("代理人授权依据", 200, "agent.authority", may_be_empty=True),
}
ON_THE_CERTIFICATE = frozenset({"applicant_name", "applicant_id_number"})
NUMBERS = frozenset({"applicant_id_number", "agent_id_number"})  # kept in capitals

NOTHING = (
    "没有要更正的内容。情形问题的回答不在这里更正：回答变了，要办的事项也会变，请用“增加事项”或“减少事项”。"
)
ISSUED = "证照已经制作，名称和证件号码的更正由发证部门办理；联系方式和地址可以在这里更正。"


def correct(
    session: Session, number: str, values: Mapping[str, str], reason: str, *, by: Account, at: datetime
) -> Case:
    """更正 these fields, checked as the form checks them. Old and new value are on the file, until it is archived.

    The applicant is told at the new address, and at the old one where phone or e-mail were wrong.
    """
    must_be_allowed(by, Act.CORRECT)
    reason = stated(reason, "更正必须写明理由。")
    case = lock_case(session, number)
    if case.archived_at:
        raise WrongState("办件已归档，不能再更正。")
    changes = _changes(case, values)
    if ON_THE_CERTIFICATE & set(changes) and _certified(session, case):
        raise WrongState(ISSUED)
    _check(session, case, changes, at)
    before = {Channel.SMS: case.phone, Channel.EMAIL: case.email}
    facts = {"changes": {name: sealed_pair(getattr(case, name), new) for name, new in changes.items()}}
    for name, new in changes.items():
        setattr(case, name, new)
    record(session, case, Act.CORRECT, by=by.username, at=at, reason=reason, facts=facts)
    told = {"fields": [PARTS[name].label for name in changes], "reason": reason}
    about = f"{case.revision}"
    queue_notice(session, case, Event.CORRECTED, about=about, facts=told, at=at)
    now = {Channel.SMS: case.phone, Channel.EMAIL: case.email}
    old = {
        channel: address for channel, address in before.items() if as_usual(address) != as_usual(now[channel])
    }
    if old:
        queue_notice(session, case, Event.CORRECTED, about=about, facts=told, at=at, to=old)
    return case


def _certified(session: Session, case: Case) -> bool:
    """Name and number stand on paper: all was issued, or one result ahead of the others or before a reopening."""
    return bool(case.issued_at) or any(item.result_number for item in items_of(session, case.number))


def _changes(case: Case, values: Mapping[str, str]) -> dict[str, str]:
    """What is to be another value than it is; Faulty where a value cannot be kept or nothing changes."""
    given = {name: _meant(name, typed) for name, typed in values.items() if typed.strip()}
    faults = {
        name: f"{PARTS[name].label}请不超过 {PARTS[name].width} 字，不含控制字符。"
        for name, value in given.items()
        if UNSTORABLE.search(value) or len(value) > PARTS[name].width
    }
    if faults:
        raise Faulty(faults)
    if given.get("agent_name") == "":  # without a name there is no agent
        given |= {"agent_id_number": "", "agent_phone": "", "agent_authority": ""}
    changes = {name: value for name, value in given.items() if value != getattr(case, name)}
    if not changes:
        raise Faulty({"reason": NOTHING})
    return changes


def _meant(name: str, typed: str) -> str:
    value = typed.strip()
    if value == NONE and PARTS[name].may_be_empty:
        return ""
    return value.upper() if name in NUMBERS else value


def _check(session: Session, case: Case, changes: Mapping[str, str], at: datetime) -> None:
    """As the form would: only what is changed now can be at fault."""
    held = {name: changes.get(name, getattr(case, name)) for name in PARTS}
    agent = Agent(held["agent_name"], held["agent_id_number"], held["agent_phone"], held["agent_authority"])
    application = Application(
        bundle=case.bundle_code,
        applicant=Applicant(
            ApplicantKind(case.applicant_kind),
            held["applicant_name"],
            held["applicant_id_number"],
            held["phone"],
            held["email"],
            held["contact_name"],
        ),
        answers={},
        address=held["address"],
        agent=agent if any((agent.name, agent.id_number, agent.phone)) else None,
    )
    try:
        check_applicant(application, bundle_of_version(session, case.bundle_digest), china_day(at))
    except Faulty as faulty:
        agent_too = any(name.startswith(AGENTS) for name in changes)
        found = {
            name: faulty.faults[part.checked_as]
            for name, part in PARTS.items()
            if part.checked_as in faulty.faults
            and (name in changes or (agent_too and name.startswith(AGENTS)))
        }
        if found:
            raise Faulty(found) from None


def _present(name: str) -> Callable[[Scene], str]:
    return lambda scene: PARTS[name].shown(getattr(scene.case, name)) or "（空）"


def _correct(asked: Asked) -> object:
    values = {name: text(asked, name) for name in PARTS}
    return correct(asked.session, asked.number, values, text(asked, "reason"), by=asked.by, at=asked.at)


DOINGS = (
    Doing(
        "correct",
        Act.CORRECT,
        False,
        (
            *(
                Field(
                    name,
                    part.label,
                    required=False,
                    hint=f"要删去的写“{NONE}”" if part.may_be_empty else "",
                    present=_present(name),
                )
                for name, part in PARTS.items()
            ),
            REASON,
        ),
        _correct,
        lambda scene: scene.case.archived_at is None,
    ),
)
