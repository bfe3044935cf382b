"""事后核查与撤销: what was granted on a commitment is checked; what was not as promised, the head revokes."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from actions.accepting import stated
from actions.acting import REASON, Asked, Doing, Field, Form, Scene, several, text, worded, yes_or_no
from actions.dating import stop_clocks
from actions.deciding import item_named
from actions.delivering import was_it_the_last
from actions.following import follow
from actions.moving import move_item, record
from actions.permitting import must_own, on_behalf
from models.account import Account, departments_by_code
from models.after import PostCheck, post_checks_of
from models.case import Case, Item, items_of, lock_case
from models.document import revoke_documents
from models.notice import queue_notice
from rules.clock import ClockKind
from rules.documents import DocumentKind
from rules.errors import Faulty, WrongState
from rules.notices import Event
from rules.states import Act, CaseState, ItemState, item_after

OFFICERS = 2  # 行政许可法 art. 34: a check of the substance is for two or more
NAMES_LIMIT = 100  # signs
FINDING_LIMIT = 1800  # signs; with the names it fits the column
PASSED = [("yes", "与承诺相符"), ("no", "与承诺不符")]


@dataclass(frozen=True)
class Check:
    """What at least two officers found."""

    passed: bool
    finding: str
    officers: tuple[str, ...]


def post_check(session: Session, number: str, name: str, check: Check, *, by: Account, at: datetime) -> Item:
    """事后核查: failed, the applicant may put it right and be checked again, or the head revokes."""
    case, item, post = _granted(session, number, name, Act.POST_CHECK, by, at)
    row = _expected(session, item)
    finding = worded(check.finding, "finding", "请写明核查情况。", FINDING_LIMIT)
    officers = tuple(dict.fromkeys(name.strip() for name in check.officers if name.strip()))
    if len(officers) < OFFICERS or len("、".join(officers)) > NAMES_LIMIT:
        raise Faulty({"officers": "核查须有两名以上工作人员，请写明各人姓名（行政许可法第三十四条）。"})
    row.passed, row.checked_by, row.checked_at = check.passed, by.username, at
    row.finding = f"{'、'.join(officers)}核查：{finding}"
    facts = {"passed": check.passed, "officers": list(officers)} | on_behalf(post)
    word = "与承诺相符" if check.passed else "与承诺不符"
    reason = f"{word}。{row.finding}"
    record(session, case, Act.POST_CHECK, by=by.username, at=at, item=item, reason=reason, facts=facts)
    if check.passed:
        stop_clocks(session, case, item, at=at, kind=ClockKind.POST_CHECK)
    return item


def revoke(session: Session, number: str, name: str, reason: str, *, by: Account, at: datetime) -> Item:
    """撤销: after a check that failed. The others keep their grants, a concluded case its answer."""
    case, item, post = _granted(session, number, name, Act.REVOKE, by, at)
    if _expected(session, item).passed is not False:
        raise WrongState(f"“{item.name}”还没有核查，或者核查与承诺相符，不能撤销。")
    reason = stated(reason, "请写明撤销的理由。")
    item.reason = reason
    move_item(session, case, item, Act.REVOKE, by=by.username, at=at, reason=reason, facts=on_behalf(post))
    stop_clocks(session, case, item, at=at)
    revoke_documents(session, item.case_number, item.number, [DocumentKind.GRANT], because=reason, at=at)
    facts = {
        "item": item.name,
        "department": departments_by_code(session)[item.department_code].short_name,
        "reason": reason,
    }
    about = f"{item.number}/{case.revision}"
    queue_notice(session, case, Event.REVOKED, about=about, facts=facts, at=at)
    if case.state is CaseState.ACCEPTED:
        session.flush()
        follow(session, case, at=at)
    elif case.state is CaseState.CONCLUDED:  # what is revoked waits for nobody at the counter
        was_it_the_last(session, case, at=at)
    return item


def _granted(
    session: Session, number: str, name: str, act: Act, by: Account, at: datetime
) -> tuple[Case, Item, str]:
    case = lock_case(session, number)
    item = item_named(items_of(session, number), name, number)
    post = must_own(session, case, item, act, by=by, at=at)
    item_after(item.state, Act.REVOKE)  # only what is granted can be checked or revoked
    return case, item, post


def _expected(session: Session, item: Item) -> PostCheck:
    row = session.get(PostCheck, item.number)
    if row is None:
        raise WrongState(f"“{item.name}”不是按告知承诺准予的，没有事后核查。")
    if row.passed:
        raise WrongState(f"“{item.name}”已经核查过，与承诺相符。")
    return row


def _post_check(asked: Asked) -> object:
    check = Check(
        yes_or_no(asked, "passed", "请选择是否与承诺相符。"),
        text(asked, "finding"),
        several(asked, "officers"),
    )
    return post_check(asked.session, asked.number, asked.item, check, by=asked.by, at=asked.at)


def _revoke(asked: Asked) -> object:
    reason = text(asked, "reason")
    return revoke(asked.session, asked.number, asked.item, reason, by=asked.by, at=asked.at)


def _conclusions(_scene: Scene) -> list[tuple[str, str]]:
    return PASSED


def _to_check(scene: Scene) -> bool:
    row = _check_of(scene)
    return row is not None and not row.passed


def _to_revoke(scene: Scene) -> bool:
    row = _check_of(scene)
    return row is not None and row.passed is False


def _check_of(scene: Scene) -> PostCheck | None:
    """Of a granted item; the case is asked, once for all its items."""
    if scene.item is None or scene.item.state is not ItemState.GRANTED:
        return None
    rows = post_checks_of(scene.session, scene.case.number)
    return next((row for row in rows if row.item_number == scene.item.number), None)


DOINGS = (
    Doing(
        "post-check",
        Act.POST_CHECK,
        True,
        (
            Field("passed", "核查结论", Form.CHOICE, choices=_conclusions),
            Field("officers", "核查人员", hint="两名以上，用顿号隔开"),
            Field("finding", "核查情况", Form.TEXT),
        ),
        _post_check,
        _to_check,
    ),
    Doing("revoke", Act.REVOKE, True, (REASON,), _revoke, _to_revoke),
)
