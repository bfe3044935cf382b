"""常用意见: the head keeps the department's, everybody their own; a form left empty takes the one that was chosen."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from actions.acting import worded
from actions.permitting import is_head
from models.account import Account
from models.opinion_template import OpinionTemplate, UsedFor, templates_counted, templates_for
from rules.errors import Faulty, NotFound, NotYourDesk, Refused
from rules.people import Role

MOST = 40  # for a department, and for a person: more nobody finds again
TITLE, WORDS = 40, 500  # signs; the columns' widths

# Which field of the act's form takes the words?
FIELD: Mapping[str, str] = {
    UsedFor.GRANT: "opinion",
    UsedFor.REFUSE: "reason",
    UsedFor.LIST_GAP: "what",
    UsedFor.PASS_ON: "opinion",
    UsedFor.SEND_BACK: "reason",
    UsedFor.GIVE_OPINION: "answer",
    UsedFor.ASK_OPINION: "question",
    UsedFor.START_SPECIAL: "reason",
    UsedFor.EXTEND: "reason",
    UsedFor.TRANSFER: "reason",
    UsedFor.RECTIFY: "requirement",
}


@dataclass(frozen=True)
class Wording:
    """What somebody wants to have at hand."""

    used_for: str
    title: str
    words: str
    shared: bool  # the department's, not only one's own


def add_template(session: Session, wording: Wording, *, by: Account, at: datetime) -> OpinionTemplate:
    """A new one: the head's for the department, anybody's for themselves."""
    department = _department(by)
    if wording.shared:
        _must_be_head(session, by, department, at)
    owner = "" if wording.shared else by.username
    if templates_counted(session, department, owner) >= MOST:
        raise Refused(f"已有 {MOST} 条常用意见，请先删去不用的。")
    used_for, title, words = _checked(wording)
    template = OpinionTemplate(
        department_code=department, username=owner, used_for=used_for, title=title, words=words, made_at=at
    )
    session.add(template)
    session.flush()
    return template


def change_template(
    session: Session, template_id: UUID, wording: Wording, *, by: Account, at: datetime
) -> OpinionTemplate:
    """New words for an old one; whose it is stays as it is."""
    template = template_kept(session, template_id, by=by, at=at)
    template.used_for, template.title, template.words = _checked(wording)
    session.flush()
    return template


def drop_template(session: Session, template_id: UUID, *, by: Account, at: datetime) -> None:
    """Nobody is offered it any more; what was written with it stays written."""
    session.delete(template_kept(session, template_id, by=by, at=at))
    session.flush()


def template_kept(session: Session, template_id: UUID, *, by: Account, at: datetime) -> OpinionTemplate:
    """The template, if this person may change it."""
    template = session.get(OpinionTemplate, template_id)
    if template is None or template.department_code != by.department_code:
        raise NotFound("没有这条常用意见，可能已经删除。")
    if template.username == "":
        _must_be_head(session, by, template.department_code, at)
    elif template.username != by.username:
        raise NotFound("没有这条常用意见，可能已经删除。")
    return template


def templates_of(session: Session, by: Account) -> list[OpinionTemplate]:
    """What this person may choose from."""
    if by.role not in (Role.OFFICER, Role.HEAD) or not by.department_code:
        return []
    return templates_for(session, by.department_code, by.username)


def with_template(
    session: Session, act: str, typed: Mapping[str, object], chosen: str, *, by: Account
) -> dict[str, object]:
    """What was typed; where the field of this act's form was left empty, the chosen words."""
    field = FIELD.get(act)
    if not field or not chosen or typed.get(field):
        return dict(typed)
    for template in templates_of(session, by):
        if str(template.id) == chosen and template.used_for == act:
            return {**typed, field: template.words}
    raise Faulty({field: "选用的常用意见已经删除，请重新选择或者直接填写。"})


def _checked(wording: Wording) -> tuple[UsedFor, str, str]:
    faults: dict[str, str] = {}
    if wording.used_for not in set(UsedFor):
        faults["used_for"] = "请选择用在哪里。"
    checked = {}
    for field, given, why, limit in (
        ("title", wording.title, "请填写名称，例如“材料齐全”。", TITLE),
        ("words", wording.words, "请填写意见的内容。", WORDS),
    ):
        try:
            checked[field] = worded(given, field, why, limit)
        except Faulty as faulty:
            faults |= faulty.faults
    if faults:
        raise Faulty(faults)
    return UsedFor(wording.used_for), checked["title"], checked["words"]


def _department(by: Account) -> str:
    if by.role not in (Role.OFFICER, Role.HEAD) or not by.department_code:
        raise NotYourDesk("常用意见由部门的经办和负责人维护。")
    return by.department_code


def _must_be_head(session: Session, by: Account, department: str, at: datetime) -> None:
    if is_head(session, by, department, None, at=at) is None:
        raise NotYourDesk("部门的常用意见由负责人维护，您可以添加自己的。")
