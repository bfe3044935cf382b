"""监察日报: once a working day every person with open cards, and their manager, is told of them in one message."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session

from actions.dating import hall_calendar
from models.account import Account, departments_by_code, managers
from models.card import Card, cards
from models.digest import Digest, digests_composed, keep_digests
from rules.lights import Light
from rules.moments import china_day

LONGEST_LIST = 50  # lines; the rest is counted, and listed at the desk
MOST_CARDS = 10_000  # open at once; beyond that nobody reads a list


def compose_digests(session: Session, *, at: datetime) -> int:
    """Write today's digests once the office is open, and say how many are new. Asked again, it adds none."""
    day, calendar = china_day(at), hall_calendar()
    if not calendar.is_working(day) or at < calendar.hours.opens(day) or digests_composed(session, day):
        return 0
    found = cards(session, only_open=True, limit=MOST_CARDS)
    if not found:
        return 0
    names = {code: one.short_name for code, one in departments_by_code(session).items()}
    return keep_digests(
        session, [_digest(reader, theirs, names, at) for reader, theirs in _readers(session, found)]
    )


def _readers(session: Session, found: list[Card]) -> Iterable[tuple[Account, list[Card]]]:
    """Whoever has the work reads of it, and the managers of everything."""
    for username in sorted({card.responsible for card in found}):
        account = session.get(Account, username)
        if account and account.active:
            yield account, [card for card in found if card.responsible == username]
    for manager in managers(session):
        yield manager, found


def _digest(reader: Account, theirs: list[Card], names: dict[str, str], at: datetime) -> Digest:
    day = china_day(at)
    levels = Counter(card.level for card in theirs)
    counts = "，".join(f"{light.label} {levels[light]} 张" for light in reversed(Light) if levels[light])
    unexplained = sum(not card.explanation for card in theirs)
    lines = [
        f"{card.level.label}  {card.number}  {names[card.department_code]}  {card.case_number}  {card.finding}"
        for card in sorted(theirs, key=_worst_first)[:LONGEST_LIST]
    ]
    more = [f"……另有 {len(theirs) - LONGEST_LIST} 张，请在平台上查看。"] if len(theirs) > LONGEST_LIST else []
    opening = f"未销号的监察卡 {len(theirs)} 张（{counts}），其中 {unexplained} 张还没有说明。"
    return Digest(
        day=day,
        username=reader.username,
        subject=f"{day} 监察日报：{len(theirs)} 张未销号",
        body="\n".join([opening, "", *lines, *more]),
        address=reader.email,
        composed_at=at,
        next_try_at=at if reader.email else None,
    )


def _worst_first(card: Card) -> tuple[int, datetime]:
    return -list(Light).index(card.level), card.arose_at
