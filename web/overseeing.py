"""What do the addresses of lists ask for? Whatever is no filter of ours is read as “all”."""

from collections.abc import Mapping
from datetime import date, timedelta

from actions.dating import hall_calendar
from config.catalogue import departments
from models.desk import DoneAsked
from models.ledger import ORDERS as NOTICE_ORDERS
from models.ledger import Sought
from models.overseen_items import ORDERS as ITEM_ORDERS
from models.overseen_items import ItemsAsked
from models.oversight import ORDERS, Overseen
from rules.calendar import FIRST, LAST, WEEKDAYS
from rules.notices import Channel, Event, NoticeState
from rules.searching import Kind, sought
from rules.spans import Span
from web.asking import bundle_names, page_number, state_asked

NEAR = 3  # working days
# Two fields of a list between which days are asked for, by the names that they have in addresses.
PAIRS = (
    ("from", "to"),
    ("closed_from", "closed_to"),
    ("concluded_from", "concluded_to"),
    ("decided_from", "decided_to"),
    ("since", "until"),
)
BACKWARDS = "起始日期晚于结束日期，请改正。"

Asked = Mapping[str, str]


def cases_asked(asked: Asked, today: date) -> Overseen:
    """The manager's list of cases."""
    bundle, department, sort = asked.get("bundle", ""), asked.get("department", ""), asked.get("sort", "")
    return Overseen(
        search=asked.get("q", "").replace("\x00", "").strip()[:100],
        state=state_asked(asked.get("state", "")),
        bundle=bundle if bundle in bundle_names() else "",
        department=department if department in departments() else "",
        overdue=is_overdue(asked),
        due=due_asked(asked, today),
        received=span_asked(asked, "from", "to"),
        weekday=_one_of(asked.get("weekday", ""), range(7)),
        hour=_one_of(asked.get("hour", ""), range(24)),
        open=asked.get("open") == "yes",
        closed=span_asked(asked, "closed_from", "closed_to"),
        concluded=span_asked(asked, "concluded_from", "concluded_to"),
        in_time=_yes_or_no(asked.get("in_time", "")),
        failing=asked.get("failing") == "yes",
        sort=sort if sort in ORDERS else "urgent",
        page=page_number(asked.get("page", "")),
    )


def items_asked(asked: Asked, today: date) -> ItemsAsked:
    """The manager's list of items."""
    bundle, department, sort = asked.get("bundle", ""), asked.get("department", ""), asked.get("sort", "")
    decided = span_asked(asked, "decided_from", "decided_to")
    return ItemsAsked(
        department=department if department in departments() else "",
        bundle=bundle if bundle in bundle_names() else "",
        overdue=is_overdue(asked),
        due=due_asked(asked, today),
        decided=decided,
        in_time=_yes_or_no(asked.get("in_time", "")),
        sort=sort if sort in ITEM_ORDERS else "decided" if decided else "due",
        page=page_number(asked.get("page", "")),
    )


def done_asked(asked: Asked, asking: str) -> DoneAsked:
    """What a department has decided, or whoever asks in it."""
    words = None if unsought(asked) else sought(asked.get("q", ""))
    mine = asking if asked.get("mine") == "yes" else ""
    return DoneAsked(words, span_asked(asked, "from", "to"), mine, page_number(asked.get("page", "")))


def unsought(asked: Asked) -> str:
    """Why what was typed is not looked for in a list; '' if it is. Numbers of persons do not belong into addresses."""
    words = sought(asked.get("q", ""))
    if words is None or words.kind in (Kind.TAIL, Kind.NAME):
        return ""
    if words.kind is Kind.NUMBER:
        return words.fault
    return f"{words.kind.value}请在页面上方的“查找办件”里查。"


def notices_asked(asked: Asked) -> Sought:
    """The ledger, and the box of what was sent."""
    state, channel, event = asked.get("state", ""), asked.get("channel", ""), asked.get("event", "")
    day, sort = day_asked(asked.get("day", "")), asked.get("sort", "")
    words = sought(asked.get("case", ""))
    return Sought(
        state=NoticeState(state) if state in set(NoticeState) else None,
        channel=Channel(channel) if channel in set(Channel) else None,
        event=Event(event) if event in set(Event) else None,
        days=Span(day, day) if day else span_asked(asked, "from", "to"),
        case=words if words and words.kind in (Kind.NUMBER, Kind.TAIL) and not words.fault else None,
        statutory=asked.get("statutory") == "yes",
        sort=sort if sort in NOTICE_ORDERS else "newest",
        page=page_number(asked.get("page", "")),
    )


def no_case_number(asked: Asked) -> str:
    """Why what was typed as the number of a case finds none; '' if it may, or nothing was typed."""
    words = sought(asked.get("case", ""))
    if words is None or (words.kind in (Kind.NUMBER, Kind.TAIL) and not words.fault):
        return ""
    return words.fault or "请填写完整的办件编号，或者编号末尾的至少 4 位数字。"


def span_shown(span: Span | None) -> dict[str, str]:
    """The days as a form shows them; where they reach as far as there are days, it shows nothing."""
    if span is None:
        return {"from": "", "to": ""}
    return {
        "from": "" if span.first == FIRST else span.first.isoformat(),
        "to": "" if span.last == LAST else span.last.isoformat(),
    }


def near_until(today: date) -> date:
    """Until when is a date near?"""
    return hall_calendar().working_day(NEAR, today)


def is_overdue(asked: Asked) -> bool:
    """Only what is late?"""
    return asked.get("overdue") == "yes" or asked.get("due") == "overdue"


def due_asked(asked: Asked, today: date) -> Span | None:
    """What is due today, or in the next days."""
    near = Span(today + timedelta(days=1), near_until(today))
    return {"today": Span(today, today), "near": near}.get(asked.get("due", ""))


def span_asked(asked: Asked, first: str, last: str) -> Span | None:
    """From a day to a day; one of them alone reaches as far as there are days."""
    begin, end = day_asked(asked.get(first, "")), day_asked(asked.get(last, ""))
    if begin is None and end is None:
        return None
    return Span(begin or FIRST, end or LAST)


def days_backwards(asked: Asked) -> dict[str, str]:
    """What is said beside two days that stand the wrong way round, by the name of the first; nothing lies between."""
    spans = {first: span_asked(asked, first, last) for first, last in PAIRS}
    return {first: BACKWARDS for first, span in spans.items() if span and span.first > span.last}


def day_asked(typed: str) -> date | None:
    """The day, if it is one on which a case can have been handled."""
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        return None
    return day if FIRST <= day <= LAST else None


def also_narrowed(asked: Overseen) -> list[str]:
    """What the list is narrowed to beside what the form shows, in words."""
    said = []
    if asked.open:
        said.append("未办结")
    if asked.failing:
        said.append("编排出错")
    if asked.concluded:
        said.append(f"{_words(asked.concluded)}办结")
    if asked.in_time is not None:
        said.append("按时" if asked.in_time else "逾期")
    if asked.weekday is not None:
        said.append(f"周{WEEKDAYS[asked.weekday]}收件")
    if asked.hour is not None:
        said.append(f"{asked.hour} 时至 {asked.hour + 1} 时收件")
    return said


def _words(span: Span) -> str:
    begin = f" {span.first} " if span.first != FIRST else ""
    end = f" {span.last} " if span.last != LAST else ""
    return f"{begin}当天" if begin and span.first == span.last else f"{begin}至{end}"


def _one_of(typed: str, known: range) -> int | None:
    return (
        int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 3 and int(typed) in known else None
    )


def _yes_or_no(typed: str) -> bool | None:
    return {"yes": True, "no": False}.get(typed)
