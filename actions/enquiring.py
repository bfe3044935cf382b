"""来信办理: who has an enquiry assigns, takes, hands on, calls back and answers it; each step is written down."""

from datetime import datetime

from sqlmodel import Session

from actions.acting import worded
from actions.coursing import date_by, go
from config.catalogue import departments
from config.leaving import waking
from models.account import Account, name_of, responsible_for
from models.enquiry import Enquiry, EnquiryMessage, course_of, lock_enquiry, visible_to
from models.rating import find_rating
from rules.duties import may_voice
from rules.errors import Faulty, NotYourDesk, WrongState
from rules.moments import china_day
from rules.people import Role
from rules.voices import (
    AppealGround,
    Cause,
    Step,
    VoiceKind,
    stage_after,
)

HALL = "hall"  # the window, where a department is asked for
BY_STAFF = (
    Step.ASSIGN,
    Step.TAKE,
    Step.CONTACT,
    Step.ANSWER,
    Step.TRANSFER,
    Step.EXTEND,
    Step.APPEAL,
    Step.UPHOLD,
    Step.REJECT,
)
WITH_CAUSE = frozenset({VoiceKind.STUCK, VoiceKind.RATING})  # an answer says what was in the way
TOLD = {
    VoiceKind.CONSULT: "您的咨询已有答复，请凭编号和查询码在“咨询投诉”页查看。",
    VoiceKind.COMPLAINT: "您的投诉已有答复，请凭编号和查询码在“咨询投诉”页查看。",
    VoiceKind.STUCK: "您反映的办不成事已有答复，请凭编号和查询码在“咨询投诉”页查看。",
    VoiceKind.RATING: "您不满意的评价已经整改，请打开办件的进度页查看，并可以再评价一次。",
}


def assign(
    session: Session, number: str, department: str, *, knowing: bool = False, by: Account, at: datetime
) -> Enquiry:
    """分办: to a department or to the hall's window. `knowing`: to the very unit a complaint is about."""
    enquiry = _mine(session, number, Step.ASSIGN, by)
    itself = _is_about(session, enquiry, department, knowing)
    _give(session, enquiry, department)
    facts = {"department": enquiry.department_code or ""} | itself
    go(session, enquiry, Step.ASSIGN, by=by.username, at=at, facts=facts)
    return enquiry


def transfer(
    session: Session,
    number: str,
    department: str,
    reason: str,
    *,
    knowing: bool = False,
    by: Account,
    at: datetime,
) -> Enquiry:
    """转办 with a reason; the day of the answer does not move. `knowing` as with 分办."""
    enquiry = _mine(session, number, Step.TRANSFER, by)
    reason = worded(reason, "reason", "请写明转办的理由。")
    itself = _is_about(session, enquiry, department, knowing)
    before = enquiry.department_code
    _give(session, enquiry, department)
    if enquiry.department_code == before:
        raise Faulty({"department": "已经在这个部门，请选择别的部门。"})
    facts = {"from": before or "", "department": enquiry.department_code or ""} | itself
    go(session, enquiry, Step.TRANSFER, by=by.username, at=at, words=reason, facts=facts)
    return enquiry


def take(session: Session, number: str, *, by: Account, at: datetime) -> Enquiry:
    """领办: this person answers for it now. A head or the manager may take it over from a colleague."""
    enquiry = _mine(session, number, Step.TAKE, by)
    if enquiry.person == by.username:
        raise WrongState("您已经领办了。")
    go(session, enquiry, Step.TAKE, by=by.username, at=at, facts={"from": enquiry.person})
    enquiry.person = by.username
    return enquiry


def contact(
    session: Session, number: str, words: str, *, reached: bool, by: Account, at: datetime
) -> Enquiry:
    """回访: the first call keeps the day; whether somebody was reached is said with it."""
    enquiry = _mine(session, number, Step.CONTACT, by)
    if not enquiry.phone:
        raise WrongState("这条评价没有可以回访的电话。")
    words = worded(words, "words", "请写明回访的情况。")
    go(session, enquiry, Step.CONTACT, by=by.username, at=at, words=words, facts={"reached": reached})
    enquiry.contacted_at = enquiry.contacted_at or at
    enquiry.person = enquiry.person or by.username
    return enquiry


def answer(
    session: Session, number: str, words: str, cause: str = "", *, by: Account, at: datetime
) -> Enquiry:
    """答复: what was done. A named bad rating is called back first; of what did not work the cause is named."""
    enquiry = _mine(session, number, Step.ANSWER, by)
    faults: dict[str, str] = {}
    try:
        words = worded(words, "words", "请写明答复的内容。")
    except Faulty as faulty:
        faults |= faulty.faults
    causes = {one.value: one for one in Cause}
    if enquiry.kind in WITH_CAUSE and cause not in causes:
        faults["cause"] = "请选择原因，同样的问题才能找到并解决。"
    if faults:
        raise Faulty(faults)
    if enquiry.contact_due_on and enquiry.contacted_at is None:
        raise WrongState("请先回访评价人，登记回访的情况，再填写整改结果。")
    go(session, enquiry, Step.ANSWER, by=by.username, at=at, words=words, facts={"cause": cause})
    enquiry.answer, enquiry.answered_by, enquiry.answered_at = words, by.username, at
    enquiry.cause = causes.get(cause)
    enquiry.person = enquiry.person or by.username
    _tell(session, enquiry, at)
    return enquiry


def extend(session: Session, number: str, reason: str, *, by: Account, at: datetime) -> Enquiry:
    """延期, once, by the head or the manager, before the day has passed."""
    enquiry = _mine(session, number, Step.EXTEND, by)
    reason = worded(reason, "reason", "请写明延期的理由。")
    if enquiry.extended:
        raise WrongState("已经延期一次，不能再延。")
    if enquiry.due_on < china_day(at):
        raise WrongState("期限已过，不能再延期，请尽快答复。")
    before = enquiry.due_on
    date_by(enquiry, Step.EXTEND, at)
    enquiry.extended = True
    facts = {"from": before.isoformat(), "until": enquiry.due_on.isoformat()}
    go(session, enquiry, Step.EXTEND, by=by.username, at=at, words=reason, facts=facts)
    return enquiry


def appeal(session: Session, number: str, ground: str, words: str, *, by: Account, at: datetime) -> Enquiry:
    """申诉, once: the rated side holds that the rating must not count; its clock waits for the manager's word."""
    enquiry = _mine(session, number, Step.APPEAL, by)
    grounds = {one.value: one for one in AppealGround}
    if ground not in grounds:
        raise Faulty({"ground": "请选择申诉的理由。"})
    words = worded(words, "words", "请写明事实和依据。")
    if enquiry.appeal_ground:
        raise WrongState("已经申诉过一次，不能再申诉。")
    go(session, enquiry, Step.APPEAL, by=by.username, at=at, words=words, facts={"ground": ground})
    enquiry.appeal_ground = grounds[ground]
    date_by(enquiry, Step.APPEAL, at)
    return enquiry


def settle_appeal(
    session: Session, number: str, reason: str, *, upheld: bool, by: Account, at: datetime
) -> Enquiry:
    """The manager decides. Upheld, the rating stays on record and does not count; else the work goes on."""
    step = Step.UPHOLD if upheld else Step.REJECT
    enquiry = _mine(session, number, step, by)
    reason = worded(reason, "reason", "请写明决定的理由。")
    go(session, enquiry, step, by=by.username, at=at, words=reason)
    if upheld and enquiry.rating_id:
        find_rating(session, enquiry.rating_id).counted = False
    date_by(enquiry, step, at)
    return enquiry


def complained_of(session: Session, enquiry: Enquiry) -> str:
    """The department a complaint names; '' where it names none, and of everything that is no complaint."""
    if enquiry.kind is not VoiceKind.COMPLAINT:
        return ""
    about: str = course_of(session, enquiry.number)[0].facts.get("about", "")
    return about


def open_steps(session: Session, enquiry: Enquiry, by: Account) -> list[Step]:
    """Which steps are open to this person now; it only leaves forms out, the steps refuse for themselves."""
    return [step for step in BY_STAFF if _why_not(session, enquiry, step, by) is None]


def is_rated_person(session: Session, enquiry: Enquiry, by: Account) -> bool:
    """Is the bad rating about this very person? They see no name, and leave the work to colleagues."""
    return bool(enquiry.rating_id and find_rating(session, enquiry.rating_id).person == by.username)


def _mine(session: Session, number: str, step: Step, by: Account) -> Enquiry:
    """The enquiry, locked, once this person may take this step now."""
    enquiry = lock_enquiry(session, number)
    if why := _why_not(session, enquiry, step, by):
        raise why
    return enquiry


def _why_not(session: Session, enquiry: Enquiry, step: Step, by: Account) -> NotYourDesk | WrongState | None:
    if not visible_to(enquiry, by):
        return NotYourDesk("这件来信不在您的部门。")
    if not may_voice(step, by.role, by.department_code, enquiry.department_code):
        return NotYourDesk(f"您的角色是“{by.role.label}”，不能办理这件来信的“{step.label}”。")
    try:
        stage_after(enquiry.kind, enquiry.stage, step)
    except WrongState as wrong:
        return wrong
    return _not_this_person(session, enquiry, step, by)


def _not_this_person(
    session: Session, enquiry: Enquiry, step: Step, by: Account
) -> NotYourDesk | WrongState | None:
    if step is not Step.APPEAL and is_rated_person(session, enquiry, by):
        return NotYourDesk("这条评价涉及您本人，由同事办理；您可以申诉。")
    if step is Step.APPEAL and enquiry.appeal_ground:
        return WrongState("已经申诉过一次，不能再申诉。")
    if step is Step.CONTACT and not enquiry.phone:
        return WrongState("没有可以回访的电话。")
    if step is Step.TAKE and enquiry.person == by.username:
        return WrongState("您已经领办了。")
    if step is Step.EXTEND and enquiry.extended:
        return WrongState("已经延期一次，不能再延。")
    own = enquiry.person in ("", by.username) or by.role in (Role.HEAD, Role.MANAGER)
    if step in (Step.TAKE, Step.CONTACT, Step.ANSWER) and not own:
        return WrongState(f"这件来信已由{name_of(session, enquiry.person)}领办。")
    return None


def _is_about(session: Session, enquiry: Enquiry, department: str, knowing: bool) -> dict[str, bool]:
    """What the course says where the unit complained of handles it itself; Faulty unless that is meant so.

    信访工作条例 [G] does not let accusations be handed to the accused unit. A complaint of the service need not be one:
    so this warns by analogy, and forbids nothing.
    """
    if not department or department != complained_of(session, enquiry):
        return {}
    if not knowing:
        name = departments()[department].short_name
        raise Faulty({"knowing": f"这件投诉反映的就是{name}；确实要由它自己办理的，请勾选。"})
    return {"knowing": True}


def _give(session: Session, enquiry: Enquiry, department: str) -> None:
    if department != HALL and department not in departments():
        raise Faulty({"department": "请从名单里选择部门。"})
    if department != HALL and not responsible_for(session, department, enquiry.district):
        raise Faulty({"department": "这个部门还没有看得到这件来信的账号，交过去无人办理。"})
    enquiry.department_code = None if department == HALL else department
    enquiry.person = ""


def _tell(session: Session, enquiry: Enquiry, at: datetime) -> None:
    """A short message where a phone was left; it says that there is an answer, not what."""
    if enquiry.phone:
        body, leaves = TOLD[enquiry.kind], waking(at)
        session.add(
            EnquiryMessage(enquiry_number=enquiry.number, phone=enquiry.phone, body=body, next_try_at=leaves)
        )
