"""安全审计, the audit administrator's desk: who came in, failed, was locked out, changed rights or took lists out."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from models.security import SecurityEvent, WantedEvents, security_events, security_events_taken_out
from rules.moments import CHINA, china_text
from rules.security import ALARMING, SecurityKind
from web.asking import page_number
from web.entering import Db, SecurityReader
from web.exporting import exported
from web.overseeing import day_asked, days_backwards
from web.showing import show

router = APIRouter(prefix="/audit")

HEADINGS = ("时间", "事件", "账号", "操作人", "地址", "说明")
CONSOLE_SAID = {"console": "本机命令行"}


@router.get("")
def page(request: Request, db: Db, _: SecurityReader) -> Response:
    """The events, the latest first."""
    asked = request.query_params
    return show(
        request,
        "security_audit.html",
        leaf=security_events(db, _wanted(request)),
        kinds=list(SecurityKind),
        alarming=ALARMING,
        said=CONSOLE_SAID,
        asked={name: asked.get(name, "") for name in ("kind", "username", "since", "until")},
        backwards=days_backwards(asked),
        query=request.url.query,
    )


@router.get("/table.csv")
def table(request: Request, db: Db, viewer: SecurityReader) -> Response:
    """The same events as a table; that too is an event."""
    wanted = _wanted(request)

    def rows(session: Session) -> Iterator[Sequence[str]]:
        for event in security_events_taken_out(session, wanted):
            yield _row(event)

    return exported(request, db, viewer, "security", "安全审计", HEADINGS, rows)


def _row(event: SecurityEvent) -> tuple[str, ...]:
    actor = CONSOLE_SAID.get(event.actor, event.actor)
    return (china_text(event.at), event.kind.label, event.username, actor, event.address, event.detail)


def _wanted(request: Request) -> WantedEvents:
    """Whatever is no filter of ours is read as all."""
    asked = request.query_params
    kind, until = asked.get("kind", ""), _day(asked.get("until", ""))
    return WantedEvents(
        kind=SecurityKind(kind) if kind in set(SecurityKind) else None,
        username=asked.get("username", "").replace("\x00", "").strip()[:50],
        since=_day(asked.get("since", "")),
        until=until + timedelta(days=1) if until else None,
        page=page_number(asked.get("page", "")),
    )


def _day(typed: str) -> datetime | None:
    """The beginning of that day in China."""
    day = day_asked(typed)
    return datetime.combine(day, time(), CHINA).astimezone(UTC) if day else None
