"""群众声音: what people ask, complain of and rate; which step leads where, and how long it may take.

一次一评 at the counter, 一事一评 online; whoever handled it answers for it; a bad rating is called back, put right and
told (国办发〔2019〕51号, domain 3.4). A bad rating, a question, a complaint and 办不成事 travel the same road.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from rules.calendar import WorkCalendar
from rules.errors import WrongState
from rules.identifiers import check_digit
from rules.moments import china_day
from rules.named import Named
from rules.states import CaseState


class Grade(Named):
    """五级评价 (domain 3.4)."""

    VERY_SATISFIED = "very_satisfied", "非常满意"
    SATISFIED = "satisfied", "满意"
    FAIRLY_SATISFIED = "fairly_satisfied", "基本满意"
    DISSATISFIED = "dissatisfied", "不满意"
    VERY_DISSATISFIED = "very_dissatisfied", "非常不满意"


BAD = frozenset({Grade.DISSATISFIED, Grade.VERY_DISSATISFIED})


class VisitKind(Named):
    """What is rated: the case as a whole (一事一评), or one time at the counter (一次一评)."""

    CASE = "case", "整个办件"
    SUBMISSION = "submission", "窗口提交申请"
    SUPPLEMENT = "supplement", "窗口补交材料"
    COLLECTION = "collection", "窗口领取结果"


class VoiceKind(Named):
    CONSULT = "consult", "咨询"
    COMPLAINT = "complaint", "投诉"
    STUCK = "stuck", "办不成事"
    RATING = "rating", "差评整改"


class Stage(Named):
    RECEIVED = "received", "待分办"
    ASSIGNED = "assigned", "办理中"
    ANSWERED = "answered", "已答复"
    REOPENED = "reopened", "再次办理"
    APPEALED = "appealed", "申诉中"
    CLOSED = "closed", "已办结"
    DISMISSED = "dismissed", "不计入评价"


class Step(Named):
    """办理动作: what is written into the course of an enquiry."""

    RECEIVE = "receive", "收到"
    ASSIGN = "assign", "分办"
    TRANSFER = "transfer", "转办"
    TAKE = "take", "领办"
    CONTACT = "contact", "回访"
    EXTEND = "extend", "延期"
    ANSWER = "answer", "答复"
    APPEAL = "appeal", "申诉"
    UPHOLD = "uphold", "申诉成立"
    REJECT = "reject", "申诉不成立"
    CONFIRM = "confirm", "满意，办结"
    REOPEN = "reopen", "不满意，再次办理"
    END_UNHAPPY = "end_unhappy", "仍不满意，办结"
    LAPSE = "lapse", "没有回复，办结"


class AppealGround(Named):
    """Why the rated side holds that a rating must not count (国办发〔2019〕51号: 恶意差评、误评)."""

    MALICIOUS = "malicious", "恶意评价"
    MISTAKEN = "mistaken", "误操作或评错对象"
    BEYOND_POWER = "beyond_power", "依法不能办理，与服务无关"


class Cause(Named):
    """办不成事的原因: asked of every answer, so that the same obstacle is found and removed."""

    UNCLEAR = "unclear", "材料或条件没有讲清楚"
    BETWEEN = "between", "部门之间衔接不畅"
    SYSTEM = "system", "系统或网络故障"
    LATE = "late", "超过承诺时间"
    CONDUCT = "conduct", "服务态度或作风"
    RULES = "rules", "政策规定不允许"
    OTHER = "other", "其他"


AT_WORK = frozenset({Stage.ASSIGNED, Stage.REOPENED})
OPEN = AT_WORK | {Stage.RECEIVED, Stage.APPEALED}
ENDED = frozenset({Stage.CLOSED, Stage.DISMISSED})

STEPS: Mapping[tuple[Stage, Step], Stage] = {
    (Stage.RECEIVED, Step.ASSIGN): Stage.ASSIGNED,
    **{(stage, step): stage for stage in AT_WORK for step in (Step.TRANSFER, Step.TAKE, Step.EXTEND)},
    **{(stage, Step.CONTACT): stage for stage in AT_WORK},
    **{(stage, Step.ANSWER): Stage.ANSWERED for stage in AT_WORK},
    (Stage.ANSWERED, Step.CONFIRM): Stage.CLOSED,
    (Stage.ANSWERED, Step.REOPEN): Stage.REOPENED,
    (Stage.ANSWERED, Step.END_UNHAPPY): Stage.CLOSED,
    (Stage.ANSWERED, Step.LAPSE): Stage.CLOSED,
    (Stage.ASSIGNED, Step.APPEAL): Stage.APPEALED,
    (Stage.APPEALED, Step.UPHOLD): Stage.DISMISSED,
    (Stage.APPEALED, Step.REJECT): Stage.ASSIGNED,
}
# Only a rating can be appealed against, and only of a rating the applicant is called back.
OF_RATINGS = frozenset({Step.CONTACT, Step.APPEAL, Step.UPHOLD, Step.REJECT})


def stage_after(kind: VoiceKind, stage: Stage, step: Step) -> Stage:
    """The stage that follows, or WrongState with a sentence naming both."""
    if step in OF_RATINGS and kind is not VoiceKind.RATING:
        raise WrongState(f"“{kind.label}”没有“{step.label}”这一步。")
    try:
        return STEPS[stage, step]
    except KeyError:
        raise WrongState(f"现在是“{stage.label}”，不能{step.label}。") from None


@dataclass(frozen=True)
class Limit:
    """So many days, and who says so: law, a named place, or an assumption."""

    days: int
    source: str


@dataclass(frozen=True)
class Limits:
    """How long each part of an answer may take; working days where not said otherwise."""

    answer: Mapping[VoiceKind, Limit]
    extension: Mapping[VoiceKind, Limit]
    contact: Limit  # a named bad rating is called back
    appeal: Limit  # the manager decides on an appeal
    silence: Limit  # without a word from the person an answer counts as accepted
    rate_within: Limit  # calendar days after the visit


def late_closing(answered: datetime, limit: Limit, today: date, calendar: WorkCalendar) -> bool:
    """Has nobody said anything for so long that the answer stands?"""
    return calendar.working_day(limit.days, china_day(answered)) < today


def due_after_appeal(left: int, today: date, calendar: WorkCalendar) -> date:
    """The days of an appeal do not count: what was left goes on, at least one working day."""
    return calendar.working_day(max(left, 1), today)


@dataclass(frozen=True)
class Visit:
    """What can be rated once."""

    kind: VisitKind
    day: date
    person: str = ""  # the account that served; '' for the case as a whole

    @property
    def key(self) -> str:
        """What tells it from the other visits of the case."""
        return self.kind.value if self.kind is VisitKind.CASE else f"{self.kind.value}-{self.day:%Y%m%d}"


def visits(state: CaseState, ended_on: date | None, counter: Iterable[Visit]) -> list[Visit]:
    """The counter's visits, one a kind and day, and the case itself once it is over; of a void case nothing."""
    if state is CaseState.VOID:
        return []
    found = {visit.key: visit for visit in counter}
    if ended_on is not None:
        whole = Visit(VisitKind.CASE, ended_on)
        found[whole.key] = whole
    return list(found.values())


def can_be_rated(visit: Visit, limit: Limit, today: date) -> bool:
    """Is it still fresh enough to be judged?"""
    return (today - visit.day).days <= limit.days


PREFIX: Mapping[VoiceKind, str] = {
    VoiceKind.CONSULT: "ZX",
    VoiceKind.COMPLAINT: "TS",
    VoiceKind.STUCK: "BC",
    VoiceKind.RATING: "CP",
}


def enquiry_number(kind: VoiceKind, day: date, serial: int) -> str:
    """TS + yyyymmdd + serial + check digit."""
    stem = f"{PREFIX[kind]}{day:%Y%m%d}{serial:06d}"
    return f"{stem}{check_digit(stem)}"


def fault_of_enquiry_number(number: str) -> str | None:
    """Why this cannot be the number of an enquiry, or None."""
    if not re.fullmatch(r"(ZX|TS|BC|CP)[0-9]{15}", number):
        return "编号格式不对，应类似 ZX202603060000010，共 17 位。"
    if check_digit(number[:-1]) != int(number[-1]):
        return "编号校验位不对，请核对每一位。"
    return None
