"""重新办理: a higher authority has reviewed what was decided; those items are handled anew, the others stand."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from actions.accepting import stated
from actions.acting import REASON, Asked, Doing, Field, Form, Scene, several, text
from actions.dating import start_case_clocks, start_item_clocks
from actions.deciding import item_named
from actions.following import follow
from actions.moving import SYSTEM, move_case, move_item
from actions.needing import ended_by
from actions.permitting import must_be_allowed
from actions.settling import undo
from models.account import Account
from models.case import Case, Item, items_of, lock_case
from models.document import revoke_documents
from models.notice import queue_notice
from models.version import bundle_of_version
from rules.answering import UNSTORABLE
from rules.documents import DocumentKind
from rules.errors import Faulty, WrongState
from rules.notices import Event
from rules.people import Role
from rules.states import ITEM_TRANSITIONS, Act, CaseState, ItemState, case_after

DOCUMENT_LIMIT = 100  # signs


def reopen(
    session: Session,
    number: str,
    names: Sequence[str],
    document: str,
    reason: str,
    *,
    by: Account,
    at: datetime,
) -> Case:
    """重新办理 by the review's document: fresh clocks for these items; those that ended only because of them come back.

    Every other decision, and every certificate that was handed over, stays as it is. A head reopens what their own
    department decided, the government whatever was reviewed.
    """
    must_be_allowed(by, Act.REOPEN)
    reason, document = stated(reason, "请写明重新办理的理由。"), _document(document)
    case = lock_case(session, number)
    case_after(case.state, Act.REOPEN)  # raises before anything is written
    items = items_of(session, number)
    chosen = _chosen(items, names, number, by)
    bundle = bundle_of_version(session, case.bundle_digest)
    back = ended_by(bundle, case, items, chosen)
    _open_again(session, case, chosen, document, reason, by, at)
    for item in chosen:
        undo(session, case, item, Act.REOPEN, by=by.username, at=at, reason=f"{document}：{reason}"[:2000])
        item.handed_over_at = at
        start_item_clocks(session, case, item, bundle.item(item.code), at=at)
    for item in back:
        item.reason, item.urged_at = "", None
        why = f"“{'、'.join(one.name for one in chosen)}”重新办理。"[:2000]
        move_item(session, case, item, Act.REOPEN, by=SYSTEM, at=at, reason=why)
    session.flush()
    start_case_clocks(session, case, bundle, [*chosen, *back], at=at)
    facts = {"items": [item.name for item in chosen], "reason": reason, "document": document}
    queue_notice(session, case, Event.REOPENED, about=f"{case.revision}", facts=facts, at=at)
    follow(session, case, at=at)
    return case


def _document(document: str) -> str:
    document = document.strip()
    if not document or len(document) > DOCUMENT_LIMIT or UNSTORABLE.search(document):
        raise Faulty({"document": f"请写明复议决定或者其他文书的文号，不超过 {DOCUMENT_LIMIT} 字。"})
    return document


def _chosen(items: list[Item], names: Sequence[str], number: str, by: Account) -> list[Item]:
    """What was decided, and may be decided anew by this person's say."""
    if not names:
        raise Faulty({"items": "请选择要重新办理的事项。"})
    chosen = {(found := item_named(items, name, number)).number: found for name in names}
    for item in chosen.values():
        if not _can_be_anew(item):
            raise WrongState(f"“{item.name}”的状态为“{item.state.label}”，只有已作出决定的事项可以重新办理。")
        what = f"事项“{item.name}”"
        must_be_allowed(by, Act.REOPEN, department=item.department_code, what=what)
    return [item for item in items if item.number in chosen]


def _can_be_anew(item: Item) -> bool:
    """What was only stopped comes back by itself, with what stopped it."""
    return (item.state, Act.REOPEN) in ITEM_TRANSITIONS and item.state is not ItemState.NOT_NEEDED


def _open_again(
    session: Session, case: Case, chosen: list[Item], document: str, reason: str, by: Account, at: datetime
) -> None:
    """The joint answer stands no more; it is given, and issued, anew. Who was told what stays in the ledger."""
    facts = {
        "document": document,
        "items": [item.code for item in chosen],
        "outcome": case.outcome.value if case.outcome else "",
        "concluded_at": case.concluded_at.isoformat() if case.concluded_at else "",
    }
    case.outcome = case.concluded_at = case.issued_at = case.archived_at = None
    case.reopened_at = case.look_at = at
    why = f"{document}：{reason}"[:2000]
    move_case(session, case, Act.REOPEN, by=by.username, at=at, reason=why, facts=facts)
    revoke_documents(session, case.number, "", [DocumentKind.COMPLETION], because=why, at=at)


def _reopen(asked: Asked) -> object:
    items, document, reason = several(asked, "items"), text(asked, "document"), text(asked, "reason")
    return reopen(asked.session, asked.number, items, document, reason, by=asked.by, at=asked.at)


def _choices(scene: Scene) -> list[tuple[str, str]]:
    own = scene.by.department_code if scene.by.role is Role.HEAD else None
    return [
        (item.code, f"{item.name}（{item.state.label}）")
        for item in items_of(scene.session, scene.case.number)
        if _can_be_anew(item) and own in (None, item.department_code)
    ]


DOINGS = (
    Doing(
        "reopen",
        Act.REOPEN,
        False,
        (
            Field("items", "重新办理哪些事项", Form.SEVERAL, choices=_choices),
            Field("document", "文号", hint="复议决定书、督查意见等的文号"),
            REASON,
        ),
        _reopen,
        lambda scene: scene.case.state is CaseState.CONCLUDED and bool(_choices(scene)),
        confirm=True,
    ),
)
