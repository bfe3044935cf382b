"""提出缺件: what each office finds missing, listed in time; after the notice only with good reason (art. 32, 72)."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from actions.accepting import DEEMED, silent_too_long
from actions.acting import Asked, Doing, Field, Form, Scene, text, worded
from actions.gaps import window_closes
from actions.moving import record
from actions.permitting import is_head, must_be_allowed
from models.account import Account, departments_by_code
from models.case import Case, Item, Material, items_of, lock_case, materials_of
from models.supplement import (
    Gap,
    SupplementNotice,
    gaps_of,
    open_notice,
    supplement_notices_of,
    untold_gaps,
)
from models.version import bundle_of_version
from rules.duties import OF_A_DEPARTMENT
from rules.errors import AlreadyDone, Faulty, NotYourDesk, Refused, WrongState
from rules.gaps import FORM_PARTS, likeness
from rules.material import HANDED_IN, MaterialState
from rules.moments import china_text
from rules.states import Act, CaseState, ItemState

WHAT, REASONS = 500, 2000  # signs; the columns' widths
WINDOW = "window"  # the office behind a gap that no department listed
NOT_ASKED = {
    MaterialState.SHARED: "由部门共享取得，不得再要求申请人提供（国务院关于在线政务服务的若干规定第七条）",
    MaterialState.DEFERRED: "已容缺，受理后由申请人按承诺补交",
    MaterialState.AWAITED: "由前置事项产生，申请人无从补正",
}


@dataclass(frozen=True)
class Missed:
    """Why a gap that existed was not told the first time, as the leader who answers for it says."""

    reason: str
    office: str  # whose omission it was: a department's code, or WINDOW


def list_gap(
    session: Session,
    number: str,
    spec_id: str,
    what: str,
    *,
    by: Account,
    at: datetime,
    missed: Missed | None = None,
) -> Gap:
    """提出缺件: in words for the applicant. After a notice only what was supplied anew, or with a leader's reasons."""
    must_be_allowed(by, Act.LIST_GAP)
    case = lock_case(session, number)
    items = items_of(session, number)
    _must_be_open_for_listing(session, case, at)
    lead = _leads(session, case, by, at)
    if missed and not lead:
        raise NotYourDesk("首次告知漏掉的缺件，由牵头部门负责人说明理由后提出。")
    if not (missed and lead):
        _must_be_in_time(session, case, items, by, at)
    name = _askable(session, case, items, spec_id, by, everything=lead and missed is not None)
    what = worded(what, "what", "请写明缺什么、怎么补，申请人会看到这句话。", WHAT)
    existed = spec_id not in _supplied_anew(session, case)
    told = supplement_notices_of(session, number)
    reason = _must_be_told_once(told, existed, missed)
    department = _office(items, missed) if missed else by.department_code
    gaps = untold_gaps(session, number)
    if any((gap.spec_id, gap.department_code) == (spec_id, department) and _same(gap, what) for gap in gaps):
        raise AlreadyDone(f"“{name}”的这个问题已经提出过，不用再提。", number)
    gap = Gap(
        case_number=number,
        department_code=department,
        spec_id=spec_id,
        what=what,
        existed=existed,
        override_reason=reason,
        listed_by=by.username,
        listed_at=at,
    )
    session.add(gap)
    facts = {"material": spec_id, "department": department, "missed": reason}
    record(session, case, Act.LIST_GAP, by=by.username, at=at, reason=f"“{name}”：{what}", facts=facts)
    return gap


def _must_be_open_for_listing(session: Session, case: Case, at: datetime) -> None:
    if notice := open_notice(session, case.number):
        sent = china_text(notice.sent_at)
        raise WrongState(
            f"补正告知 {notice.number} 已于 {sent} 一次发出，不能再加。申请人补来的材料仍有问题的，到时再提出。"
        )
    if case.state is not CaseState.SUBMITTED:
        raise WrongState(f"办件状态为“{case.state.label}”，不能{Act.LIST_GAP.label}。")
    if silent_too_long(session, case, at=at):
        raise WrongState(f"{DEEMED}不能再提出缺件。")


def _leads(session: Session, case: Case, by: Account, at: datetime) -> bool:
    """The notice is the lead department's (art. 26, domain 2.7), so its head answers for a second one (art. 72(4)).

    The manager supervises and reads the count, but has no hand in the content of a case.
    """
    lead = bundle_of_version(session, case.bundle_digest).lead_department
    return is_head(session, by, lead, case.district, at=at) is not None


def _must_be_in_time(session: Session, case: Case, items: list[Item], by: Account, at: datetime) -> None:
    """A department has its window, counted from receipt; the clerk has all of the time for the notice."""
    if by.role not in OF_A_DEPARTMENT:
        return
    pending = [item for item in items if item.state is ItemState.PENDING]
    if not any(item.department_code == by.department_code for item in pending):
        raise NotYourDesk("这个办件没有您部门的事项，不能提出缺件。")
    closes = window_closes(session, case)
    if closes and at > closes:
        raise WrongState(f"部门提出缺件的时间已于 {china_text(closes)} 结束，请联系综合窗口提出。")


def _askable(
    session: Session, case: Case, items: list[Item], spec_id: str, by: Account, *, everything: bool
) -> str:
    """The name of what this person may call missing; a Faulty that says why not otherwise."""
    papers = {paper.spec_id: paper for paper in materials_of(session, case.number)}
    choices = dict(_choices(session, case, items, list(papers.values()), by, everything=everything))
    if spec_id in choices:
        return choices[spec_id]
    if spec_id in papers and (why := NOT_ASKED.get(papers[spec_id].state)):
        raise Faulty({"material": f"“{papers[spec_id].name}”{why}。"})
    raise Faulty({"material": "请选择您的事项用到的材料，或者申请表里的一项。"})


def _choices(
    session: Session,
    case: Case,
    items: list[Item],
    papers: list[Material],
    by: Account,
    *,
    everything: bool = False,
) -> list[tuple[str, str]]:
    """Papers the applicant brought: a department those of its own items, the window all; and the form's parts."""
    bundle = bundle_of_version(session, case.bundle_digest)
    own = {
        spec_id
        for item in items
        if everything or by.role not in OF_A_DEPARTMENT or item.department_code == by.department_code
        for spec_id in bundle.item(item.code).materials
    }
    brought = [
        (paper.spec_id, paper.name) for paper in papers if paper.state in HANDED_IN and paper.spec_id in own
    ]
    return [*brought, *FORM_PARTS.items()]


def _supplied_anew(session: Session, case: Case) -> set[str]:
    """What has come in since the first notice: its defects cannot have been told then (domain 1.4)."""
    told = supplement_notices_of(session, case.number)
    if not told:
        return set()
    answered = {gap.spec_id for gap in gaps_of(session, case.number) if gap.notice_number and gap.answered_at}
    papers = materials_of(session, case.number)
    came = {one.spec_id for one in papers if one.supplied_at and one.supplied_at > told[0].sent_at}
    return answered | came


def _must_be_told_once(told: list[SupplementNotice], existed: bool, missed: Missed | None) -> str:
    """The leader's reasons where they are needed, '' where not; a refusal where they are missing or out of place."""
    if not (told and existed):
        if missed:
            raise Faulty({"missed": "这不是首次告知时漏掉的，不需要填写漏告的理由。"})
        return ""
    if missed is None:
        raise Refused(
            f"补正告知 {told[0].number} 已经一次性告知过，当时就有的缺件不能再次告知（行政许可法第三十二条、"
            "第七十二条）。确有必要的，由牵头部门负责人说明理由后提出，并计入再次告知。"
        )
    return worded(missed.reason, "missed", "请写明首次告知为什么漏掉。", REASONS)


def _office(items: list[Item], missed: Missed) -> str | None:
    if missed.office == WINDOW:
        return None
    if missed.office in {item.department_code for item in items}:
        return missed.office
    raise Faulty({"office": "请选择漏告的部门，窗口漏告的选综合窗口。"})


def _same(gap: Gap, what: str) -> bool:
    return likeness(gap.what) == likeness(what)


def _list_gap(asked: Asked) -> object:
    said, office = text(asked, "missed"), text(asked, "office")
    if office and not said:
        raise Faulty({"missed": "选了漏告的部门，就要写明首次告知为什么漏掉。"})
    missed = Missed(said, office or asked.by.department_code or WINDOW) if said else None
    return list_gap(
        asked.session,
        asked.number,
        text(asked, "material"),
        text(asked, "what"),
        by=asked.by,
        at=asked.at,
        missed=missed,
    )


def askable(scene: Scene) -> list[tuple[str, str]]:
    """What this person may list as missing now; after a notice only what came anew, or all for the leader."""
    case, session = scene.case, scene.session
    if case.state is not CaseState.SUBMITTED:
        return []
    items = items_of(session, case.number)
    papers = materials_of(session, case.number)
    at = scene.at or case.submitted_at
    again = bool(supplement_notices_of(session, case.number))
    leads = again and _leads(session, case, scene.by, at)
    if not leads:
        try:
            _must_be_in_time(session, case, items, scene.by, at)
        except Refused:
            return []
    found = _choices(session, case, items, papers, scene.by, everything=leads)
    anew = _supplied_anew(session, case)
    return [one for one in found if leads or not again or one[0] in anew]


def offices(scene: Scene) -> list[tuple[str, str]]:
    """Whose omission it may have been."""
    names = departments_by_code(scene.session)
    codes = dict.fromkeys(item.department_code for item in items_of(scene.session, scene.case.number))
    return [(WINDOW, "综合窗口"), *((code, names[code].short_name) for code in codes)]


LEADER = "首次告知漏掉的，由牵头部门负责人填写；其他情况不填"

DOINGS = (
    Doing(
        "list-gap",
        Act.LIST_GAP,
        False,
        (
            Field("material", "哪份材料或者申请表的哪一项", Form.CHOICE, choices=askable),
            Field("what", "缺什么、怎么补", Form.TEXT, hint="申请人会看到这句话"),
            Field("missed", "首次告知为什么漏掉", Form.TEXT, required=False, hint=LEADER),
            Field("office", "哪个部门漏掉的", Form.CHOICE, required=False, hint=LEADER, choices=offices),
        ),
        _list_gap,
        lambda scene: bool(askable(scene)),
    ),
)
