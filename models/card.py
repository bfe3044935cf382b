"""监察卡: what electronic supervision found, who must explain it, and how it was closed (GB/T 39046 table 11)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Sequence, UniqueConstraint, text
from sqlmodel import Field, Session, SQLModel, col, select

from models.columns import code, moment, one_of
from rules.errors import NotFound
from rules.lights import Light

card_serial = Sequence("card_serial", metadata=SQLModel.metadata)


class Card(SQLModel, table=True):
    """One finding about one clock."""

    __tablename__ = "card"
    __table_args__ = (
        one_of("level", Light),
        UniqueConstraint("clock_id", "rule", name="one_card_a_rung"),
        # What the supervision page asks: which cards are open, the newest first?
        Index("card_open", "opened_at", postgresql_where=text("closed_at IS NULL")),
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
    opened_at: datetime = Field(sa_column=moment(nullable=False))
    explanation: str = Field(default="", max_length=2000)
    explained_by: str = Field(default="", max_length=50)
    explained_at: datetime | None = Field(default=None, sa_column=moment())
    closed_by: str = Field(default="", max_length=50)
    closed_at: datetime | None = Field(default=None, sa_column=moment())


def next_card_number(session: Session, day: str) -> str:
    """JC + yyyymmdd + serial."""
    serial = session.execute(card_serial.next_value().select()).scalar_one()
    return f"JC{day}{serial:08d}"


def lock_card(session: Session, number: str) -> Card:
    """The card, locked until the transaction ends."""
    card = session.exec(select(Card).where(Card.number == number).with_for_update()).one_or_none()
    if card is None:
        raise NotFound(f"没有编号为 {number} 的监察卡。")
    return card


def cards_of(session: Session, case_number: str) -> list[Card]:
    """All cards of a case, first to last."""
    return list(session.exec(select(Card).where(Card.case_number == case_number).order_by(col(Card.number))))


def open_cards(session: Session, limit: int = 200, department_code: str | None = None) -> list[Card]:
    """Cards nobody has closed yet, the newest first; of one department when named."""
    query = select(Card).where(col(Card.closed_at).is_(None))
    if department_code:
        query = query.where(Card.department_code == department_code)
    return list(session.exec(query.order_by(col(Card.opened_at).desc()).limit(limit)))
