"""会签、加签、征求意见: ask another department about an item, and answer; some questions hold the decision."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session

from actions.acting import (
    REASON,
    YES_NO,
    Asked,
    Doing,
    Field,
    Form,
    Scene,
    number,
    text,
    worded,
    yes_or_no,
)
from actions.dating import start_clock
from actions.deciding import item_named
from actions.desk_work import WORDS, at_desk
from actions.moving import record
from actions.permitting import is_head, must_own, on_behalf
from actions.readying import in_hand
from models.account import Account, colleagues, departments_by_code, name_of
from models.case import Case, Item, items_of, lock_case
from models.clock import ClockRow
from models.together import Opinion, OpinionKind, open_opinions
from rules.bundle import Limit, Unit
from rules.clock import ClockKind
from rules.errors import Faulty, NotYourDesk, WrongState
from rules.moments import china_text
from rules.people import Role
from rules.states import ITEM_OPEN_AT_DESK, Act

DAYS, LONGEST = 3, 30  # working days; ours, no law sets them


@dataclass(frozen=True)
class Question:
    """What is asked of whom, and for how long."""

    kind: OpinionKind
    department: str  # '' with 加签 is the item's own
    question: str
    days: int = DAYS  # working days


def ask_opinion(
    session: Session, number: str, name: str, question: Question, *, by: Account, at: datetime
) -> Opinion:
    """征求意见: the department asked may read the case and has so many working days."""
    case, item, post = at_desk(session, number, name, Act.ASK_OPINION, by=by, at=at)
    if question.kind is OpinionKind.ADDED and not question.department:
        question = replace(question, department=item.department_code)
    asked = worded(question.question, "question", "请写明要征求意见的问题。", WORDS)
    short_name = _must_be_askable(session, case, item, question, by)
    source = "assumption" if question.days == DAYS else f"{by.username} 给定"
    limit = Limit(question.days, Unit.WORKING_DAY, f"{question.kind.label}给定的时间", source)
    clock = start_clock(session, case, item, ClockKind.OPINION, limit, at=at)
    session.flush()  # the opinion refers to it
    opinion = Opinion(
        case_number=number,
        item_number=item.number,
        kind=question.kind,
        department_code=question.department,
        clock_id=clock.id,
        question=asked,
        asked_by=by.username,
        asked_at=at,
    )
    session.add(opinion)
    session.flush()
    facts = {"kind": question.kind.value, "department": question.department, "days": question.days}
    reason = f"{question.kind.label}（{short_name}）：{asked}"
    facts_of = facts | on_behalf(post)
    record(session, case, Act.ASK_OPINION, by=by.username, at=at, item=item, reason=reason, facts=facts_of)
    return opinion


def give_opinion(
    session: Session, number: str, name: str, answer: str, *, agrees: bool, by: Account, at: datetime
) -> Opinion:
    """反馈意见: the department that was asked says whether it agrees, and why."""
    case, item = _locked(session, number, name)
    opinion = _asked_of(session, item, by)
    answer = worded(answer, "answer", "请写明意见。", WORDS)
    if opinion.asked_by == by.username and opinion.department_code == item.department_code:
        raise NotYourDesk("加签由本部门的其他人员反馈，不能由提出的人自己反馈。")
    opinion.agrees, opinion.answer = agrees, answer
    opinion.answered_by, opinion.answered_at = by.username, at
    _stop(session, opinion, at)
    reason = f"{opinion.kind.label}：{'同意' if agrees else '不同意'}。{answer}"
    facts = {"kind": opinion.kind.value, "department": opinion.department_code, "agrees": agrees}
    record(session, case, Act.GIVE_OPINION, by=by.username, at=at, item=item, reason=reason, facts=facts)
    return opinion


def cancel_opinion(
    session: Session, number: str, name: str, department: str, reason: str, *, by: Account, at: datetime
) -> Opinion:
    """撤销征求意见: by whoever asked, or their head. What is not needed any more holds nothing."""
    case, item = _locked(session, number, name)
    post = must_own(session, case, item, Act.CANCEL_OPINION, by=by, at=at)
    _must_be_undecided(item)
    opinion = next(
        (one for one in open_opinions(session, item.number) if one.department_code == department), None
    )
    if opinion is None:
        raise WrongState(f"“{item.name}”没有在等这个部门的意见。")
    if (
        opinion.asked_by != by.username
        and is_head(session, by, item.department_code, case.district, at=at) is None
    ):
        raise NotYourDesk("征求意见由提出的人或者本部门负责人撤销。")
    reason = worded(reason, "reason", "请写明撤销的理由。")
    opinion.cancelled_at = at
    _stop(session, opinion, at)
    facts = {"kind": opinion.kind.value, "department": department} | on_behalf(post)
    record(session, case, Act.CANCEL_OPINION, by=by.username, at=at, item=item, reason=reason, facts=facts)
    return opinion


def _must_be_undecided(item: Item) -> None:
    """What nobody has answered ends with its item."""
    if item.state not in ITEM_OPEN_AT_DESK:
        raise WrongState(f"“{item.name}”{item.state.label}，不再需要意见。")


def _locked(session: Session, number: str, name: str) -> tuple[Case, Item]:
    case = lock_case(session, number)
    return case, item_named(items_of(session, number), name, number)


def _must_be_askable(session: Session, case: Case, item: Item, question: Question, by: Account) -> str:
    """Somebody is there to answer, and has not been asked already; the department's name."""
    if not 1 <= question.days <= LONGEST:
        raise Faulty({"days": f"反馈时间应为 1 至 {LONGEST} 个工作日。"})
    departments = departments_by_code(session)
    own = question.department == item.department_code
    if question.department not in departments or (own and question.kind is not OpinionKind.ADDED):
        raise Faulty({"department": "请选择其他部门；本部门内部用加签。"})
    there = colleagues(session, question.department, case.district)
    if not [one for one in there if one.username != by.username]:
        raise Faulty({"department": "这个部门还没有可用的账号，无人反馈。"})
    if any(one.department_code == question.department for one in open_opinions(session, item.number)):
        raise WrongState(f"已经在等{departments[question.department].short_name}的意见，不用再问。")
    return departments[question.department].short_name


def _asked_of(session: Session, item: Item, by: Account) -> Opinion:
    """What this person's department was asked about the item and has not answered."""
    if by.role not in (Role.OFFICER, Role.HEAD):
        raise NotYourDesk(f"您的角色是“{by.role.label}”，不能办理“{Act.GIVE_OPINION.label}”。")
    _must_be_undecided(item)
    for opinion in open_opinions(session, item.number):
        if opinion.department_code == by.department_code:
            return opinion
    raise NotYourDesk(f"“{item.name}”没有在等您部门的意见，可能已经由同事反馈，或者已经撤销。")


def _stop(session: Session, opinion: Opinion, at: datetime) -> None:
    clock = session.get_one(ClockRow, opinion.clock_id)
    if clock.stopped_at is None:
        clock.stop(at)


def _ask(asked: Asked) -> object:
    kinds = {kind.value: kind for kind in OpinionKind}
    kind = kinds.get(text(asked, "kind"))
    if kind is None:
        raise Faulty({"kind": f"请选择：{'、'.join(kinds)}。"})
    given = asked.data.get("days") not in (None, "")
    days = number(asked, "days", "应填写工作日的天数。") if given else DAYS
    question = Question(kind, text(asked, "department"), text(asked, "question"), days)
    return ask_opinion(asked.session, asked.number, asked.item, question, by=asked.by, at=asked.at)


def _give(asked: Asked) -> object:
    agrees, answer = yes_or_no(asked, "agrees", "请选择同意或者不同意。"), text(asked, "answer")
    return give_opinion(
        asked.session, asked.number, asked.item, answer, agrees=agrees, by=asked.by, at=asked.at
    )


def _cancel(asked: Asked) -> object:
    whose, reason = text(asked, "department"), text(asked, "reason")
    return cancel_opinion(asked.session, asked.number, asked.item, whose, reason, by=asked.by, at=asked.at)


def _departments(scene: Scene) -> list[tuple[str, str]]:
    """The others: one's own is asked by 加签, which needs no department named."""
    own = scene.item.department_code if scene.item else ""
    found = departments_by_code(scene.session)
    return [("", "请选择"), *((code, one.short_name) for code, one in sorted(found.items()) if code != own)]


def _waiting(scene: Scene) -> list[tuple[str, str]]:
    """Those whose opinion this person may cancel."""
    if scene.item is None or scene.item.state not in ITEM_OPEN_AT_DESK:
        return []
    names = departments_by_code(scene.session)
    return [
        (one.department_code, f"{names[one.department_code].short_name}：{one.kind.label}")
        for one in open_opinions(scene.session, scene.item.number)
        if one.asked_by == scene.by.username or Role.HEAD in scene.roles
    ]


def _asked_here(scene: Scene) -> Opinion | None:
    """What this person is to answer about the item."""
    if scene.item is None or scene.item.state not in ITEM_OPEN_AT_DESK:
        return None
    for one in open_opinions(scene.session, scene.item.number):
        own = one.asked_by == scene.by.username and one.department_code == scene.item.department_code
        if one.department_code == scene.by.department_code and not own:
            return one
    return None


def _question(scene: Scene) -> str:
    """What is asked, by whom, and whether the decision waits for the answer."""
    opinion = _asked_here(scene)
    if opinion is None or scene.item is None:
        return ""
    asking = departments_by_code(scene.session)[scene.item.department_code].short_name
    who, when = name_of(scene.session, opinion.asked_by), china_text(opinion.asked_at)
    weight = "不影响对方作出决定" if opinion.kind is OpinionKind.ADVICE else "您反馈以前，对方不能作出决定"
    return f"{asking} {who} 于 {when} 提出{opinion.kind.label}（{weight}）：{opinion.question}"


DOINGS = (
    Doing(
        "ask-opinion",
        Act.ASK_OPINION,
        True,
        (
            Field(
                "kind",
                "方式",
                Form.CHOICE,
                hint="会签、加签没有反馈之前不能作出决定",
                choices=lambda _: [(kind.value, kind.label) for kind in OpinionKind],
            ),
            Field(
                "department",
                "部门",
                Form.CHOICE,
                required=False,
                hint="加签不选部门的，由本部门其他人员反馈；会签、征求意见要选部门",
                choices=_departments,
            ),
            Field("question", "要征求意见的问题", Form.TEXT),
            Field("days", "几个工作日内反馈", Form.NUMBER, required=False, hint=f"不填即 {DAYS} 个工作日"),
        ),
        _ask,
        lambda scene: scene.item is not None and scene.item.state in ITEM_OPEN_AT_DESK and in_hand(scene),
    ),
    Doing(
        "give-opinion",
        Act.GIVE_OPINION,
        True,
        (
            Field("agrees", "是否同意", Form.CHOICE, choices=lambda _: YES_NO),
            Field("answer", "意见", Form.TEXT),
        ),
        _give,
        lambda scene: _asked_here(scene) is not None,
        for_others=True,
        about=_question,
    ),
    Doing(
        "cancel-opinion",
        Act.CANCEL_OPINION,
        True,
        (Field("department", "撤销向谁征求的意见", Form.CHOICE, choices=_waiting), REASON),
        _cancel,
        lambda scene: bool(_waiting(scene)),
    ),
)
