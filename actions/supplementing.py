"""一次性告知: the window tells at once all that is missing; the applicant answers part by part until it is complete."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from actions.accepting import DEEMED, silent_too_long
from actions.acting import YES_NO, Asked, Doing, Field, Form, Scene, text
from actions.applying import arrive, nothing_missing
from actions.dating import start_clock, stop_clocks
from actions.gaps import draft_mark, gaps_in, lines_of, listed_names, names_of_gaps, silence_said
from actions.moving import APPLICANT, move_case, record
from actions.permitting import must_be_allowed
from models.account import Account
from models.case import Case, Material, lock_case, materials_of
from models.notice import queue_notice
from models.supplement import Gap, SupplementNotice, open_notice, supplement_notices_of, untold_gaps
from models.version import bundle_of_version
from rules.answering import UNSTORABLE
from rules.application import Supplied
from rules.clock import ClockKind
from rules.errors import AlreadyDone, Faulty, NotFound, Refused, WrongState
from rules.gaps import FORM_PARTS, merged
from rules.limits import NOTICE
from rules.material import MaterialState
from rules.moments import china_text
from rules.notices import Event
from rules.states import Act, CaseState, case_after

WORDS, REASONS = 2000, 2000  # signs; the columns' widths
MOST_VERSIONS = 20  # of one paper; whoever needs more needs a person at the window


@dataclass(frozen=True)
class Answer:
    """What the applicant supplies for one material or one part of the form: a file, paper, or words."""

    words: str = ""
    file: Supplied | None = None
    on_paper: bool = False  # received at the window


def ask_supplement(
    session: Session, number: str, *, by: Account, at: datetime, draft: str = ""
) -> SupplementNotice:
    """补正告知: one numbered notice of everything that is missing; then the list is locked.

    `draft` is the mark of the list the clerk has read: what came in since then is read before it is sent.
    """
    must_be_allowed(by, Act.ASK_SUPPLEMENT)
    case = lock_case(session, number)
    if notice := open_notice(session, number):
        raise AlreadyDone(f"补正告知 {notice.number} 已于 {china_text(notice.sent_at)} 发出。", number)
    if silent_too_long(session, case, at=at):
        raise WrongState(f"{DEEMED}不能再告知补正，请点“受理”转入办理。")
    case_after(case.state, Act.ASK_SUPPLEMENT)  # raises before anything is written
    gaps = untold_gaps(session, number)
    if not gaps:
        raise WrongState("还没有提出缺件，不需要告知补正。")
    if draft and draft != draft_mark(gaps):
        raise WrongState("刚才又有部门提出或者撤销了缺件，请看过最新的汇总再发出。")
    notice = _new_notice(session, case, gaps, by, at)
    case.complete_at = None
    stop_clocks(session, case, None, at=at, kind=ClockKind.NOTICE)
    limit = bundle_of_version(session, case.bundle_digest).supplement.answer
    clock = start_clock(session, case, None, ClockKind.SUPPLEMENT, limit, at=at)
    said = f"{notice.number}：{listed_names(session, case, gaps)}"[:REASONS]
    move_case(
        session,
        case,
        Act.ASK_SUPPLEMENT,
        by=by.username,
        at=at,
        reason=said,
        facts={"notice": notice.number, "gaps": len(gaps)},
    )
    facts = {
        "notice": notice.number,
        "gaps": lines_of(session, case, gaps),
        "due_on": clock.due_on.isoformat() if clock.due_on else None,
        "provisional": clock.provisional,
        "silence": silence_said(session, case),
    }
    queue_notice(session, case, Event.SUPPLEMENT_ASKED, about=notice.number, facts=facts, at=at)
    return notice


def answer_gap(
    session: Session, number: str, spec_id: str, answer: Answer, *, by: Account | None, at: datetime
) -> bool:
    """提交补正: one entry of the notice; True once nothing is left and the case is looked through again.

    `by` None: the applicant, on the progress page. In time or late: as long as the case waits, it is taken.
    """
    if by is not None:
        must_be_allowed(by, Act.ANSWER_GAP)
    case = lock_case(session, number)
    notice = _awaited(session, case)
    gaps = [gap for gap in gaps_in(session, notice) if gap.spec_id == spec_id]
    if not gaps:
        raise NotFound("补正告知里没有这一项，请刷新页面后再看。")
    words = _checked(session, case, spec_id, answer, by)
    if answer.file or answer.on_paper:
        _new_version(session, case, spec_id, answer, at)
    for gap in gaps:
        gap.answer, gap.answered_at = words, at
    who = by.username if by else APPLICANT
    how = answer.file.file_name if answer.file else "纸质材料" if answer.on_paper else "文字说明"
    said = f"{listed_names(session, case, gaps)}（{how}）"
    record(session, case, Act.ANSWER_GAP, by=who, at=at, reason=said, facts={"material": spec_id})
    session.flush()
    return close_if_complete(session, case, notice, by=who, at=at)


def close_if_complete(
    session: Session, case: Case, notice: SupplementNotice, *, by: str, at: datetime
) -> bool:
    """补正齐全, with the last answer and no further click: five working days to look it through begin now."""
    if gaps_in(session, notice, unanswered=True):
        return False
    papers = materials_of(session, case.number)
    case.complete_at = at if nothing_missing(papers) else None
    close(session, case, notice, by=by, at=at, reason=f"{notice.number}：已全部补正。")
    clock = start_clock(session, case, None, ClockKind.NOTICE, NOTICE, at=at)
    facts = {
        "notice": notice.number,
        "due_on": clock.due_on.isoformat() if clock.due_on else None,
        "provisional": clock.provisional,
    }
    queue_notice(session, case, Event.SUPPLEMENT_RECEIVED, about=notice.number, facts=facts, at=at)
    return True


def _awaited(session: Session, case: Case) -> SupplementNotice:
    notice = open_notice(session, case.number)
    if case.state is CaseState.CORRECTION and notice:
        return notice
    if case.state is CaseState.SUBMITTED and supplement_notices_of(session, case.number):
        raise WrongState("补正材料已经齐全，窗口正在核对，不用再提交。")
    raise WrongState(f"办件状态为“{case.state.label}”，不能{Act.ANSWER_GAP.label}。")


def _checked(session: Session, case: Case, spec_id: str, answer: Answer, by: Account | None) -> str:
    """The words, trimmed; every fault of the answer in a sentence, before anything is written."""
    words = answer.words.strip()
    if UNSTORABLE.search(words) or len(words) > WORDS:
        raise Faulty({"words": f"说明请不超过 {WORDS} 字，不含控制字符。"})
    if spec_id in FORM_PARTS:
        if not words:
            raise Faulty({"words": "这一项请用文字写明正确的内容。"})
        if answer.file or answer.on_paper:
            raise Faulty({"file": "这一项请用文字答复，不用交文件。"})
        return words
    if answer.on_paper and by is None:
        raise Faulty({"file": "纸质材料请交到受理窗口，由窗口登记。"})
    if not (words or answer.file or answer.on_paper):
        raise Faulty({"file": "请上传文件，或者用文字说明。"})
    if (answer.file or answer.on_paper) and latest(session, case, spec_id).version >= MOST_VERSIONS:
        raise Refused(f"这份材料已经提交过 {MOST_VERSIONS} 次，请到受理窗口办理。")
    return words


def _new_version(session: Session, case: Case, spec_id: str, answer: Answer, at: datetime) -> None:
    """The former one is kept: both may be looked at, the latest counts."""
    paper = version_after(latest(session, case, spec_id), MaterialState.ON_PAPER)
    arrive(paper, answer.file or Supplied(spec_id), at)
    session.add(paper)


def version_after(former: Material, state: MaterialState) -> Material:
    return Material(
        case_number=former.case_number,
        spec_id=former.spec_id,
        name=former.name,
        state=state,
        version=former.version + 1,
    )


def latest(session: Session, case: Case, spec_id: str) -> Material:
    return next(paper for paper in materials_of(session, case.number) if paper.spec_id == spec_id)


def close(
    session: Session, case: Case, notice: SupplementNotice, *, by: str, at: datetime, reason: str
) -> None:
    notice.closed_at = at
    stop_clocks(session, case, None, at=at, kind=ClockKind.SUPPLEMENT)
    facts = {"notice": notice.number}
    move_case(session, case, Act.CLOSE_SUPPLEMENT, by=by, at=at, reason=reason[:REASONS], facts=facts)


def _new_notice(session: Session, case: Case, gaps: list[Gap], by: Account, at: datetime) -> SupplementNotice:
    serial = len(supplement_notices_of(session, case.number)) + 1
    reasons = dict.fromkeys(gap.override_reason for gap in gaps if gap.override_reason)
    notice = SupplementNotice(
        number=f"{case.number}-BZ{case.revision + 1}",  # of the act it is sent by, like any paper's
        case_number=case.number,
        serial=serial,
        sent_by=by.username,
        sent_at=at,
        override_reason="；".join(reasons)[:REASONS],
    )
    session.add(notice)
    session.flush()  # the gaps refer to it
    for gap in gaps:
        gap.notice_number = notice.number
    session.flush()
    return notice


def _ask(asked: Asked) -> object:
    draft = text(asked, "draft")
    return ask_supplement(asked.session, asked.number, by=asked.by, at=asked.at, draft=draft)


def _answer(asked: Asked) -> object:
    answer = Answer(text(asked, "words"), on_paper=text(asked, "on_paper") == "yes")
    material = text(asked, "material")
    return answer_gap(asked.session, asked.number, material, answer, by=asked.by, at=asked.at)


def _told(scene: Scene) -> list[tuple[str, str]]:
    """The entries of the notice that waits for its answer."""
    notice = open_notice(scene.session, scene.case.number)
    if notice is None or scene.case.state is not CaseState.CORRECTION:
        return []
    names = names_of_gaps(scene.session, scene.case)
    return [
        (entry.spec_id, names.get(entry.spec_id, entry.spec_id))
        for entry in merged(gaps_in(scene.session, notice))
    ]


DOINGS = (
    Doing(
        "ask-supplement",
        Act.ASK_SUPPLEMENT,
        False,
        (Field("draft", "看过的汇总", required=False, hint="汇总的标记；有变化时不发出，先看再发"),),
        _ask,
        lambda scene: (
            scene.case.state is CaseState.SUBMITTED and bool(untold_gaps(scene.session, scene.case.number))
        ),
    ),
    Doing(
        "answer-gap",
        Act.ANSWER_GAP,
        False,
        (
            Field("material", "补正哪一项", Form.CHOICE, choices=_told),
            Field("words", "说明", Form.TEXT, required=False),
            Field("on_paper", "收到纸质材料", Form.CHOICE, required=False, choices=lambda _: YES_NO[::-1]),
        ),
        _answer,
        lambda scene: bool(_told(scene)),
    ),
)
