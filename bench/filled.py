"""A record full of cases: some are played through the acts, and each is copied by SQL until there are enough."""

from datetime import UTC, datetime, timedelta
from random import Random

from sqlalchemy import text
from sqlmodel import Session

from actions.accepting import accept
from actions.applying import submit
from actions.dating import hall_calendar
from actions.deciding import grant
from actions.delivering import deliver, ship
from actions.issuing import issue
from actions.supervising import fire_due_rungs
from bench.copies import RECORD, multiply
from models.account import Account
from models.after import lying_ready, on_the_way
from models.case import items_of
from models.database import transaction
from rules.errors import Refused
from rules.moments import CHINA, china_day
from rules.states import ItemState
from tests.people import CLERK, a_city, account, an_application

TEMPLATES = 90
DAYS = 60  # back from today
POSTED = 2  # days after which it goes to the courier: one in seven
DONE_WITH = """
SELECT number FROM case_file WHERE concluded_at IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM clock WHERE clock.case_number = case_file.number AND clock.stopped_at IS NULL)
    AND NOT EXISTS (SELECT 1 FROM notice WHERE notice.case_number = case_file.number AND next_try_at IS NOT NULL)
"""
SENT = """
UPDATE notice SET state = 'handed_over', via = CASE channel WHEN 'sms' THEN 'gateway' ELSE 'mailto' END, attempts = 1,
    segments = CASE channel WHEN 'sms' THEN 2 ELSE 0 END, next_try_at = NULL,
    sent_at = created_at + make_interval(secs => 20 + 7 * (serial % 40))
WHERE created_at < now() - interval '10 minutes'
"""


def fill(count: int, mixed: int = 0) -> list[str]:
    """A city with about so many cases; the numbers of those that were played, the newest first.

    Beyond the first `mixed`, where given, only what is done with is copied: the record grows, the work does not.
    """
    with transaction() as session:
        a_city(session)
    played = _play()
    with transaction() as session:
        session.execute(text(SENT))
        last = max(1, round((mixed or count) / len(played)))
        every = [(one, copy) for one in played for copy in range(1, last)]
        done = list(session.scalars(text(DONE_WITH)))
        more = range(last, last + round((count - last * len(played)) / len(done)))
        twins = [*every, *((one, copy) for one in done for copy in more)]
        multiply(session, RECORD, ((one, copy, f"{one}-{copy}") for one, copy in twins), alone=True)
    return played


def _play() -> list[str]:
    chance, now = Random(7), datetime.now(UTC)  # noqa: S311  the same city each time
    played = []
    for place in range(TEMPLATES):
        day = now - timedelta(days=DAYS * place / TEMPLATES)
        while not hall_calendar().is_working(china_day(day)):
            day -= timedelta(days=1)
        at = day.astimezone(CHINA).replace(
            hour=chance.choice((9, 9, 10, 10, 11, 14, 15, 16)), minute=place % 60
        )
        with transaction() as session:
            played.append(_case(session, min(at, now - timedelta(minutes=1)), now, chance))
    return played


def _case(session: Session, at: datetime, now: datetime, chance: Random) -> str:
    clerk = account(session, CLERK)
    case = submit(session, an_application(), by=clerk, region="000000", at=at)
    days = (now - at).days
    if days < 3 and chance.random() < 0.5:
        return case.number
    accept(session, case.number, by=clerk, at=at + timedelta(minutes=20))
    slow, collected = chance.choice((1, 2, 4, 8, 16, 50)), chance.choice((0, 1, 1, 2, 3, 5, 9))
    for step in range(1, days):
        day = at + timedelta(days=step)
        _decide_something(session, case.number, day, step * 4 / slow, chance)
        fire_due_rungs(session, case.number, at=day)
        _hand_over(session, case.number, clerk, day + timedelta(hours=8), collected)
    session.flush()
    return case.number


def _decide_something(session: Session, number: str, at: datetime, until: float, chance: Random) -> None:
    for item in items_of(session, number)[: int(until)]:
        if item.state is ItemState.IN_REVIEW:
            officer: Account = account(session, item.department_code)
            try:
                grant(
                    session, number, item.code, by=officer, at=at + timedelta(minutes=chance.randrange(400))
                )
            except Refused:
                continue  # another item comes first
            session.flush()


def _hand_over(session: Session, number: str, clerk: Account, at: datetime, collected: int) -> None:
    """As a hall does: numbered when all is decided, collected some days later or posted, arrived soon after."""
    issue(session, number, at=at)
    if parcels := on_the_way(session, number):
        deliver(session, number, by=clerk, at=at, items=parcels[0].items)
    ready = lying_ready(session, number)
    decided = [item.decided_at for item in ready if item.decided_at]
    if not decided or max(decided) + timedelta(days=collected) > at:
        return
    if collected == POSTED:
        ship(session, number, "邮政", f"EMS{number[-8:]}", by=clerk, at=at)
    else:
        deliver(session, number, by=clerk, at=at)
    session.flush()
