"""导出: a list as a table file, sent as it is read, harmless in a table program, and written down."""

import csv
import io
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence

from fastapi import Request
from fastapi.responses import StreamingResponse
from sqlmodel import Session

from models.account import Account
from models.database import transaction
from models.export import keep_export
from models.security import keep_event
from rules.errors import Faulty
from rules.moments import china_day
from rules.security import SecurityKind
from web.entering import address_of, now
from web.overseeing import days_backwards

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a table program would calculate what begins with one of these
ROWS_AT_ONCE = 200

log = logging.getLogger("yijianshi.export")

Rows = Callable[[Session], Iterable[Sequence[str]]]


def exported(
    request: Request, db: Session, viewer: Account, name: str, title: str, headings: Sequence[str], rows: Rows
) -> StreamingResponse:
    """The answer. `rows` reads in a transaction of its own: the page's is over before the first row leaves."""
    if faults := days_backwards(request.query_params):
        raise Faulty(faults)  # a file cannot say why it is empty
    at = now()
    keep_export(db, viewer.username, title, request.url.query, at=at)
    who = viewer.username
    keep_event(
        db, SecurityKind.EXPORT, who, at=at, by=who, address=address_of(request), detail=f"《{title}》"
    )
    log.info("%s 导出《%s》", viewer.username, title)
    file = f"{name}-{china_day(at)}.csv"
    return StreamingResponse(
        _pieces(viewer.district, headings, rows),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{file}"'},
    )


def harmless(cell: str) -> str:
    """The cell as text, whatever it begins with."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _pieces(district: str, headings: Sequence[str], rows: Rows) -> Iterator[bytes]:
    yield "\ufeff".encode()  # by which table programs know that it is UTF-8
    with transaction(district) as session:
        piece = [headings]
        for row in rows(session):
            piece.append([harmless(cell) for cell in row])
            if len(piece) == ROWS_AT_ONCE:
                yield _written(piece)
                piece = []
        yield _written(piece)


def _written(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
