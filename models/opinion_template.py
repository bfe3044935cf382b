"""常用意见: words that a department, or a person, writes again and again, kept by the act they are for."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Index
from sqlmodel import Field, Session, col, func, or_, select

from models.columns import code, moment, one_of
from models.table import Table
from rules.named import Named


class UsedFor(Named):
    """In which act's form they are offered; the codes are the names of the acts (actions.doing)."""

    GRANT = "grant", "准予的意见"
    REFUSE = "refuse", "不予的理由"
    LIST_GAP = "list-gap", "缺件的说明"
    PASS_ON = "pass-on", "报送的意见"
    SEND_BACK = "send-back", "退回的理由"
    GIVE_OPINION = "give-opinion", "反馈的意见"
    ASK_OPINION = "ask-opinion", "征求意见的问题"
    START_SPECIAL = "start-special", "启动特别程序的理由"
    EXTEND = "extend", "延长审批的理由"
    TRANSFER = "transfer", "转报的理由"
    RECTIFY = "require-rectification", "责令整改的内容"


class OpinionTemplate(Table, table=True):
    """One of them: the department's, which every colleague may use, or a person's own."""

    __tablename__ = "opinion_template"
    __table_args__ = (
        one_of("used_for", UsedFor),
        # What a form of the department asks: which words are there for this act?
        Index("opinion_template_for", "department_code", "username", "used_for"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    department_code: str = Field(foreign_key="department.code", max_length=32)
    username: str = Field(default="", max_length=50)  # whose own; '' is the department's
    used_for: UsedFor = Field(sa_column=code(UsedFor))
    title: str = Field(max_length=40)
    words: str = Field(max_length=500)
    made_at: datetime = Field(sa_column=moment(nullable=False))


def templates_for(session: Session, department: str, username: str) -> list[OpinionTemplate]:
    """What this person may use: the department's first, then their own, by act and title."""
    query = select(OpinionTemplate).where(
        OpinionTemplate.department_code == department,
        or_(OpinionTemplate.username == "", OpinionTemplate.username == username),
    )
    order = (col(OpinionTemplate.username), col(OpinionTemplate.used_for), col(OpinionTemplate.title))
    return list(session.exec(query.order_by(*order, col(OpinionTemplate.id))))


def templates_counted(session: Session, department: str, username: str) -> int:
    """How many the department has ('' as the username), or the person."""
    query = select(func.count()).select_from(OpinionTemplate)
    mine = (OpinionTemplate.department_code == department, OpinionTemplate.username == username)
    return session.exec(query.where(*mine)).one()
