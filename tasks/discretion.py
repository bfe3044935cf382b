"""What must Prefect not hear when something fails? PostgreSQL may quote a row, with people's names and all."""

import logging
from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

log = logging.getLogger("yijianshi.record")


class RecordTrouble(Exception):
    """读写办件记录时出错。"""


@contextmanager
def discreet(case_number: str) -> Generator[None]:
    """Prefect gets the number and the kind of error, our own log the rest."""
    try:
        yield
    except SQLAlchemyError as error:
        log.exception("办件 %s", case_number)
        raise RecordTrouble(f"读写办件 {case_number} 的记录时出错（{type(error).__name__}）。") from None
