"""Which kinds of column do we use? Each is decided once, here."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Column, DateTime, String, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB

from models.sealing import Sealed
from rules.named import Named


class Code(TypeDecorator[Named]):
    """A Named enum kept as its code in a varchar, readable in psql."""

    impl = String(32)
    cache_ok = True

    def __init__(self, kind: type[Named]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: Named | str | None, dialect: Any) -> str | None:  # noqa: ARG002
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: str | None, dialect: Any) -> Named | None:  # noqa: ARG002
        return None if value is None else self.kind(value)


def code(kind: type[Named], *, nullable: bool = False) -> Column[Any]:
    """An enum column; pair it with `one_of` in __table_args__ so that the database knows the words too."""
    return Column(Code(kind), nullable=nullable)


def one_of(column: str, kind: type[Named]) -> CheckConstraint:
    """CHECK that the column holds one of the codes of `kind`."""
    words = ", ".join(f"'{member.value}'" for member in kind)
    return CheckConstraint(f"{column} IN ({words})", name=f"{column}_is_known")


def moment(*, nullable: bool = True, index: bool = False) -> Column[datetime]:
    """A point in time: timestamptz, always aware, UTC in the code."""
    return Column(DateTime(timezone=True), nullable=nullable, index=index)


def sealed(place: str, hash_column: str = "", kind: str = "") -> Column[Any]:
    """Personal data, sealed; `place` is table.column. The hash column follows it, and finds it (models.sealing)."""
    return Column(Sealed(place, hash_column, kind), nullable=False)


def hashed() -> Column[Any]:
    """What a sealed column is found by."""
    return Column(String(64), nullable=False, server_default="")


def document() -> Column[Any]:
    """A JSON document whose shape the rules know."""
    return Column(JSONB, nullable=False, server_default="{}")
