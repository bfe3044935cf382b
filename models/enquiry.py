"""群众来信: a question, a complaint, something that could not be done, or a bad rating, with owner and clock."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Column, Identity, Index, Sequence, and_, case, func, or_, text
from sqlmodel import Field, Session, SQLModel, col, select

from models.account import Account
from models.columns import code, document, moment, one_of, sealed
from models.leaf import Leaf, leaf_of
from models.table import Table
from rules.errors import NotFound
from rules.people import Role
from rules.voices import AT_WORK, OPEN, AppealGround, Cause, Stage, Step, VoiceKind, enquiry_number

enquiry_serial = Sequence("enquiry_serial", maxvalue=999_999, cycle=True, metadata=SQLModel.metadata)

OPEN_STAGES = ", ".join(sorted(f"'{stage.value}'" for stage in OPEN))


class Enquiry(Table, table=True):
    """来信. The row is the one lock of everything that belongs to it."""

    __tablename__ = "enquiry"
    __table_args__ = (
        one_of("kind", VoiceKind),
        one_of("stage", Stage),
        one_of("cause", Cause),
        one_of("appeal_ground", AppealGround),
        # What a department's list asks: what is open here, the overdue first?
        Index(
            "enquiry_open", "department_code", "due_on", postgresql_where=text(f"stage IN ({OPEN_STAGES})")
        ),
        # What the manager and the bulletin ask: what is overdue?
        Index("enquiry_due", "due_on", postgresql_where=text(f"stage IN ({OPEN_STAGES})")),
        # What the patrol asks: which answers has nobody said anything to?
        Index("enquiry_answered", "answered_at", postgresql_where=text("stage = 'answered'")),
        Index("enquiry_newest", "created_at"),
        Index("enquiry_of_department", "department_code", "created_at"),
        Index("enquiry_of_case", "case_number", postgresql_where=text("case_number <> ''")),
    )

    number: str = Field(primary_key=True, max_length=20)
    query_code: str = Field(max_length=16)
    submission_key: str = Field(
        unique=True, max_length=64
    )  # one form is one enquiry, however often it is sent
    kind: VoiceKind = Field(sa_column=code(VoiceKind))
    stage: Stage = Field(sa_column=code(Stage))
    # As the person typed it: nobody has proven to be the applicant, so it opens nothing.
    case_number: str = Field(default="", max_length=50)
    # 行政区划: of the case it names, if there is one; '' is the whole installation's.
    district: str = Field(default="", max_length=9, sa_column_kwargs={"server_default": ""})
    rating_id: UUID | None = Field(default=None, foreign_key="rating.id", unique=True)
    words: str = Field(max_length=2000)
    name: str = Field(default="", max_length=100)
    phone: str = Field(default="", sa_column=sealed("enquiry.phone"))
    department_code: str | None = Field(
        default=None, foreign_key="department.code", max_length=32
    )  # None: the hall
    person: str = Field(default="", max_length=50)  # the account that has taken it
    due_on: date  # derived from the course by actions.coursing; kept as an index only
    contact_due_on: date | None = None  # 回访
    contacted_at: datetime | None = Field(default=None, sa_column=moment())
    extended: bool = False
    answer: str = Field(default="", max_length=2000)  # the latest; the earlier one is in the course
    cause: Cause | None = Field(default=None, sa_column=code(Cause, nullable=True))
    answered_by: str = Field(default="", max_length=50)
    answered_at: datetime | None = Field(default=None, sa_column=moment())
    appeal_ground: AppealGround | None = Field(default=None, sa_column=code(AppealGround, nullable=True))
    appeal_left: int = 0  # working days that were left when the appeal came
    reopened: bool = False
    satisfied: bool | None = None
    created_at: datetime = Field(sa_column=moment(nullable=False))
    closed_at: datetime | None = Field(default=None, sa_column=moment())

    @property
    def call_by(self) -> date | None:
        """The day of a call that is still to be made. `_call_by` says it of all."""
        return self.contact_due_on if self.contacted_at is None and self.stage in AT_WORK else None


class EnquiryEntry(Table, table=True):
    """办理记录 of an enquiry: added, never changed; the database refuses both change and removal."""

    __tablename__ = "enquiry_entry"
    __table_args__ = (one_of("step", Step), one_of("before", Stage), one_of("after", Stage))

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    enquiry_number: str = Field(foreign_key="enquiry.number", index=True, max_length=20)
    step: Step = Field(sa_column=code(Step))
    actor: str = Field(max_length=50)  # account, 'applicant' or 'system'
    before: Stage | None = Field(default=None, sa_column=code(Stage, nullable=True))
    after: Stage = Field(sa_column=code(Stage))
    words: str = Field(default="", max_length=2000)
    facts: dict[str, Any] = Field(default_factory=dict, sa_column=document())
    at: datetime = Field(sa_column=moment(nullable=False))


class EnquiryMessage(Table, table=True):
    """短信 to whoever left a phone number. The ledger of notices belongs to cases; an enquiry may have none."""

    __tablename__ = "enquiry_message"
    __table_args__ = (
        Index("enquiry_message_due", "next_try_at", postgresql_where=text("next_try_at IS NOT NULL")),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    enquiry_number: str = Field(foreign_key="enquiry.number", index=True, max_length=20)
    phone: str = Field(sa_column=sealed("enquiry_message.phone"))
    body: str
    # When to try (again). NULL: nothing more to do, or a sender has it: if that one dies, nobody else sends it.
    next_try_at: datetime | None = Field(default=None, sa_column=moment())
    attempts: int = 0
    sent_at: datetime | None = Field(default=None, sa_column=moment())
    error: str = Field(default="", max_length=500)


def next_enquiry_number(session: Session, kind: VoiceKind, day: date) -> str:
    """A number nobody else has."""
    serial = int(session.execute(enquiry_serial.next_value().select()).scalar_one())
    return enquiry_number(kind, day, serial)


def find_enquiry(session: Session, number: str) -> Enquiry:
    """The enquiry, not locked."""
    found = session.get(Enquiry, number)
    if found is None:
        raise NotFound(f"没有编号为 {number} 的来信。")
    return found


def lock_enquiry(session: Session, number: str) -> Enquiry:
    """The enquiry, locked until the transaction ends; read anew, whatever was known of it before."""
    query = select(Enquiry).where(Enquiry.number == number).with_for_update()
    found = session.exec(query.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFound(f"没有编号为 {number} 的来信。")
    return found


def enquiry_of_submission(session: Session, key: str) -> Enquiry | None:
    """The enquiry that this very form has already become."""
    return session.exec(select(Enquiry).where(Enquiry.submission_key == key)).one_or_none()


def enquiry_of_rating(session: Session, rating_id: UUID) -> Enquiry | None:
    """What a bad rating has set going."""
    return session.exec(select(Enquiry).where(Enquiry.rating_id == rating_id)).one_or_none()


def enquiries_of(session: Session, ratings: list[UUID]) -> dict[UUID, Enquiry]:
    """What these ratings have set going, by rating."""
    query = select(Enquiry).where(col(Enquiry.rating_id).in_(ratings))
    return {found.rating_id: found for found in session.exec(query) if found.rating_id}


def course_of(session: Session, number: str) -> list[EnquiryEntry]:
    """Everything that happened to an enquiry, first to last."""
    query = select(EnquiryEntry).where(EnquiryEntry.enquiry_number == number)
    return list(session.exec(query.order_by(col(EnquiryEntry.id))))


def claim_message(session: Session, *, at: datetime, why: str) -> EnquiryMessage | None:
    """One that has to leave, now ours alone to send; None when there is none.

    `why` is what is known of it from now on, until the outcome is written: that may never be.
    """
    due = select(EnquiryMessage).where(col(EnquiryMessage.next_try_at) <= at)
    first = due.order_by(col(EnquiryMessage.next_try_at)).limit(1).with_for_update(skip_locked=True)
    message = session.exec(first).one_or_none()
    if message is not None:
        message.attempts += 1
        message.next_try_at, message.error = None, why
    return message


def lock_message(session: Session, message_id: UUID) -> EnquiryMessage:
    """The message, locked until the transaction ends."""
    query = select(EnquiryMessage).where(EnquiryMessage.id == message_id).with_for_update()
    return session.exec(query.execution_options(populate_existing=True)).one()


def messages_of(session: Session, number: str) -> list[EnquiryMessage]:
    """What was sent to the person, first to last."""
    query = select(EnquiryMessage).where(EnquiryMessage.enquiry_number == number)
    return list(session.exec(query.order_by(col(EnquiryMessage.sent_at), col(EnquiryMessage.id))))


def overdue_enquiries(session: Session, today: date) -> int:
    """How many have passed their day, a call-back that was not made among them."""
    query = select(func.count()).select_from(Enquiry).where(_open(), _late(today))
    return session.exec(query).one()


def enquiries_a_table_may_move(session: Session, year: int) -> list[str]:
    """Open letters with a day in this year or later."""
    last = func.greatest(col(Enquiry.due_on), col(Enquiry.contact_due_on))
    query = select(Enquiry.number).where(_open(), last >= date(year, 1, 1))
    return list(session.exec(query.order_by(col(Enquiry.number))))


def answered_before(session: Session, moment: datetime, limit: int) -> list[str]:
    """Answers older than this to which nobody has said anything, the oldest first."""
    query = select(Enquiry.number).where(
        col(Enquiry.stage) == Stage.ANSWERED, col(Enquiry.answered_at) < moment
    )
    return list(session.exec(query.order_by(col(Enquiry.answered_at)).limit(limit)))


@dataclass(frozen=True)
class EnquiriesWanted:
    """What the list is narrowed to; empty means all that this person may see."""

    scope: str = "open"  # mine | open | all
    kind: VoiceKind | None = None
    stage: Stage | None = None
    department: str = ""
    overdue: bool = False
    page: int = 1


def enquiries_listed(session: Session, wanted: EnquiriesWanted, by: Account, today: date) -> Leaf[Enquiry]:
    """What this person may see, the overdue first, then what is due next; of all of them the newest."""
    where = [*_visible(by), *_narrowed(wanted, by, today)]
    pressing = (func.least(col(Enquiry.due_on), _call_by()), col(Enquiry.number))
    order = pressing if wanted.scope != "all" else (col(Enquiry.created_at).desc(), col(Enquiry.number))
    return leaf_of(session, select(Enquiry).where(*where).order_by(*order), wanted.page)


def counts_for(session: Session, by: Account, today: date) -> dict[str, int]:
    """How many are mine, open and overdue, of those this person may see."""
    query = select(
        func.count(),
        func.count().filter(col(Enquiry.person) == by.username),
        func.count().filter(_late(today)),
    )
    opened, mine, late = session.execute(query.where(_open(), *_visible(by))).tuples().one()
    return {"open": opened, "mine": mine, "late": late}


def visible_to(enquiry: Enquiry, by: Account) -> bool:
    """Says of one row what `_visible` says of all."""
    if by.role in (Role.MANAGER, Role.GOVERNMENT):
        return True
    if by.role is Role.CLERK:
        for_manager = enquiry.kind is VoiceKind.COMPLAINT and enquiry.stage is Stage.RECEIVED
        return enquiry.department_code is None and not for_manager
    if by.role in (Role.OFFICER, Role.HEAD):
        return enquiry.department_code is not None and enquiry.department_code == by.department_code
    return False


def _visible(by: Account) -> list[Any]:
    if by.role in (Role.MANAGER, Role.GOVERNMENT):
        return []
    if by.role is Role.CLERK:
        for_manager = and_(col(Enquiry.kind) == VoiceKind.COMPLAINT, col(Enquiry.stage) == Stage.RECEIVED)
        return [col(Enquiry.department_code).is_(None), ~for_manager]
    return [col(Enquiry.department_code) == (by.department_code or "")]


def _narrowed(wanted: EnquiriesWanted, by: Account, today: date) -> list[Any]:
    where: list[Any] = []
    if wanted.scope != "all":
        where.append(_open())
    if wanted.scope == "mine":
        where.append(col(Enquiry.person) == by.username)
    if wanted.kind:
        where.append(col(Enquiry.kind) == wanted.kind)
    if wanted.stage:
        where.append(col(Enquiry.stage) == wanted.stage)
    if wanted.department:
        where.append(col(Enquiry.department_code) == wanted.department)
    if wanted.overdue:
        where += [_open(), _late(today)]
    return where


def _open() -> Any:
    # As literal words: only so does PostgreSQL see that the partial indexes answer it.
    return text(f"enquiry.stage IN ({OPEN_STAGES})")


def _late(today: date) -> Any:
    return or_(col(Enquiry.due_on) < today, _call_by() < today)


def _call_by() -> Any:
    """Nobody may call while the rating is under appeal."""
    waits = and_(col(Enquiry.contacted_at).is_(None), col(Enquiry.stage).in_(AT_WORK))
    return case((waits, col(Enquiry.contact_due_on)))
