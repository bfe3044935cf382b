"""监察日报: once a working day every person with open cards, and their manager, is told of them in one message."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlmodel import Session

from actions.dating import hall_calendar
from actions.given_up import given_up
from actions.untold import untold
from models.account import Account, managers, responsible_for, short_names
from models.card import Card, cards
from models.case import Item, find_case
from models.digest import Digest, digests_composed, keep_digests
from models.districts import seen_from
from models.together import urged_open
from rules.lights import Light
from rules.moments import china_day

LONGEST_LIST = 50  # lines; the rest is counted, and listed at the desk
MOST_CARDS = 10_000  # open at once; beyond that nobody reads a list


def compose_digests(session: Session, *, at: datetime) -> int:
    """Write today's digests once the office is open, and say how many are new. Asked again, it adds none."""
    day, calendar = china_day(at), hall_calendar()
    if not calendar.is_working(day) or at < calendar.hours.opens(day) or digests_composed(session, day):
        return 0
    names = short_names(session)
    found, urged = cards(session, only_open=True, limit=MOST_CARDS), _urged(session)
    digests = [
        _digest(reader, theirs, urged.get(reader.username, []), names, at)
        for reader, theirs in _readers(session, found, urged)
    ]
    digests += [one for manager in managers(session) if (one := _overview(session, manager, names, at))]
    return keep_digests(session, digests)


def _urged(session: Session) -> dict[str, list[Item]]:
    """督办: who has the item reads of it, or who answers for the department as long as nobody has."""
    urged: dict[str, list[Item]] = defaultdict(list)
    for item in urged_open(session):
        district = find_case(session, item.case_number).district
        urged[item.assignee or responsible_for(session, item.department_code, district)].append(item)
    return urged


def _readers(
    session: Session, found: list[Card], urged: Mapping[str, list[Item]]
) -> Iterable[tuple[Account, list[Card]]]:
    """Whoever has the work reads of it."""
    for username in sorted({card.responsible for card in found} | set(urged)):
        account = session.get(Account, username)
        if account and account.active:
            yield account, [card for card in found if card.responsible == username]


def _overview(session: Session, manager: Account, names: dict[str, str], at: datetime) -> Digest | None:
    """The managers read of every card of their district, and of its messages that reached nobody."""
    with seen_from(session, manager.district):
        found = cards(session, only_open=True, limit=MOST_CARDS)
        lost = [*untold(session, at=at), *given_up(session)]
    if not (found or lost):
        return None
    digest = _digest(manager, found, [], names, at)
    digest.body = "\n".join([digest.body, *lost]).strip()
    return digest


def _digest(
    reader: Account, theirs: list[Card], urged: list[Item], names: dict[str, str], at: datetime
) -> Digest:
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
    if not theirs:
        opening = "没有未销号的监察卡。"
    pressed = [f"督办  {names[item.department_code]}  {item.case_number}  {item.name}" for item in urged]
    return Digest(
        day=day,
        username=reader.username,
        subject=f"{day} 监察日报：{len(theirs)} 张未销号" + (f"，督办 {len(urged)} 件" if urged else ""),
        body="\n".join([opening, "", *pressed[:LONGEST_LIST], *lines, *more]),
        address=reader.email,
        composed_at=at,
        next_try_at=at if reader.email else None,
    )


def _worst_first(card: Card) -> tuple[int, datetime]:
    return -list(Light).index(card.level), card.arose_at
