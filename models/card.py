"""监察卡: what electronic supervision found, who must explain it, and how it was closed (GB/T 39046 table 11)."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Sequence, UniqueConstraint, text, update
from sqlmodel import Field, Session, SQLModel, col, select
from sqlmodel.sql.expression import SelectOfScalar

from models.columns import code, moment, one_of
from models.leaf import Leaf, leaf_of
from models.table import Table
from rules.errors import NotFound
from rules.lights import Light

AT_ONCE = 50  # cards on a page

card_serial = Sequence("card_serial", metadata=SQLModel.metadata)


class Card(Table, table=True):
    """One finding about one clock."""

    __tablename__ = "card"
    __table_args__ = (
        one_of("level", Light),
        UniqueConstraint("clock_id", "rule", name="one_card_a_rung"),
        # What the supervision page asks: which cards are open, the newest first?
        Index("card_open", "opened_at", postgresql_where=text("closed_at IS NULL")),
        # What the patrol asks: which cards has Prefect not been told of?
        Index("card_unannounced", "number", postgresql_where=text("announced_at IS NULL")),
    )

    number: str = Field(primary_key=True, max_length=20)  # 监察编号 an..20
    rule: str = Field(max_length=32)  # the clock's kind and the rung: promised-passed
    level: Light = Field(sa_column=code(Light))
    case_number: str = Field(foreign_key="case_file.number", index=True, max_length=50)
    item_number: str = Field(default="", max_length=54)
    clock_id: UUID = Field(foreign_key="clock.id")
    department_code: str = Field(foreign_key="department.code", max_length=32)
    responsible: str = Field(max_length=50)  # the account that has the work
    finding: str = Field(max_length=500)
    arose_at: datetime = Field(sa_column=moment(nullable=False))  # when the rung was reached
    opened_at: datetime = Field(sa_column=moment(nullable=False))  # when the patrol found it
    announced_at: datetime | None = Field(default=None, sa_column=moment())  # Prefect was sent the event
    explanation: str = Field(default="", max_length=2000)
    explained_by: str = Field(default="", max_length=50)
    explained_at: datetime | None = Field(default=None, sa_column=moment())
    closed_by: str = Field(default="", max_length=50)
    closed_at: datetime | None = Field(default=None, sa_column=moment())


def next_card_number(session: Session, day: str) -> str:
    """JC + yyyymmdd + serial."""
    serial = session.execute(card_serial.next_value().select()).scalar_one()
    return f"JC{day}{serial:08d}"


def find_card(session: Session, number: str) -> Card:
    """The card, not locked."""
    card = session.get(Card, number)
    if card is None:
        raise NotFound(f"没有编号为 {number} 的监察卡。")
    return card


def lock_card(session: Session, number: str) -> Card:
    """The card as it is now, locked until the transaction ends; lock its case first."""
    query = select(Card).where(Card.number == number).with_for_update()
    return session.exec(query.execution_options(populate_existing=True)).one()


def cards_of(session: Session, case_number: str) -> list[Card]:
    """All cards of a case, first to last."""
    return list(session.exec(select(Card).where(Card.case_number == case_number).order_by(col(Card.number))))


def cards(session: Session, *, only_open: bool = False, limit: int = 200) -> list[Card]:
    """The cards of all departments, the newest first, with or without the closed ones."""
    query = select(Card)
    if only_open:
        query = query.where(col(Card.closed_at).is_(None))
    return list(
        session.exec(query.order_by(col(Card.opened_at).desc(), col(Card.number).desc()).limit(limit))
    )


def open_cards(session: Session, department_code: str | None, page: int) -> Leaf[Card]:
    """One page of what is to be explained or closed, the newest first: of one department or of all."""
    return leaf_of(session, _open(department_code), page, size=AT_ONCE)


def open_cards_taken_out(session: Session, department_code: str | None) -> Iterable[Card]:
    """All of them, read a part at a time."""
    return session.exec(_open(department_code).execution_options(yield_per=500))


def _open(department_code: str | None) -> SelectOfScalar[Card]:
    query = select(Card).where(col(Card.closed_at).is_(None))
    if department_code:
        query = query.where(Card.department_code == department_code)
    return query.order_by(col(Card.opened_at).desc(), col(Card.number).desc())


def unannounced(session: Session, limit: int) -> list[Card]:
    """Cards of which Prefect has not been told, in the order they were written."""
    query = select(Card).where(col(Card.announced_at).is_(None)).order_by(col(Card.number)).limit(limit)
    return list(session.exec(query))


def note_announced(session: Session, numbers: Iterable[str], *, at: datetime) -> None:
    """Prefect has been sent the events of these cards."""
    session.execute(update(Card).where(col(Card.number).in_(list(numbers))).values(announced_at=at))
