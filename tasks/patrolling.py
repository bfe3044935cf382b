"""巡查: fire every rung that has been reached, tell Prefect of the cards, and the people once a day."""

import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from prefect.artifacts import create_table_artifact
from prefect.events import emit_event

from actions.asking import close_silent
from actions.bulletins import compose_bulletin
from actions.digesting import compose_digests
from actions.supervising import fire_due_rungs
from documents.anchoring import anchor_day
from documents.writing import write_all
from models.card import Card, note_announced, unannounced
from models.clock import cases_with_a_rung_due
from models.database import transaction
from models.figures import keep_days, settled
from models.supervision import overdue_listed
from notifications.bulletins import send_bulletins
from notifications.digesting import send_digests
from notifications.enquiries import send_enquiry_messages
from rules.spans import Span

BATCH = 500  # rungs looked up at once
ANNOUNCED_AT_ONCE = 200
PAPERS = 40.0  # seconds of a minute, at most, for writing papers out
PEOPLE = 15.0  # seconds of a minute, at most, for telling people: a gateway may need that long for each
FIGURES_OF = timedelta(days=90)  # what the statistics look back over
EVENT = "yijianshi.card.opened"

logger = logging.getLogger(__name__)


def fire_what_is_due(at: datetime) -> int:
    """Every rung reached by then, each case in its own short transaction; how many cards were written.

    Costs what is due, not what is open. A case that cannot be dealt with does not hold up the others;
    its rung stays due, and the next patrol meets it again.
    """
    written = 0
    for number in _cases_due(at):
        try:
            with transaction() as session:
                written += len(fire_due_rungs(session, number, at=at))
        except Exception:
            logger.exception("巡查办件 %s 时出错，下一次再试", number)
    return written


def announce_cards(at: datetime) -> int:
    """One Prefect event a card, for automations to hang on. Sent twice, it is the same event by its id."""
    announced = 0
    while True:
        with transaction() as session:
            cards = unannounced(session, ANNOUNCED_AT_ONCE)
            for card in cards:
                _emit(card)
            note_announced(session, [card.number for card in cards], at=at)
        announced += len(cards)
        if len(cards) < ANNOUNCED_AT_ONCE:
            return announced


def write_papers() -> int:
    """The papers of the last acts, written out and signed; a reader who comes earlier writes his own.

    Not for long: the next patrol goes on, and the deadlines are looked at before it.
    """
    return write_all(PAPERS)


def anchor_files(at: datetime) -> bool:
    """Once a day: the heads of all files under one signature, so that no last row goes unseen."""
    return anchor_day(at) is not None


def count_days(at: datetime) -> int:
    """The figures of the days that are over, counted once; how many days were new."""
    last = settled(at)
    with transaction() as session:
        return keep_days(session, Span(last - FIGURES_OF, last), at=at)


def tell_people(at: datetime) -> int:
    """The day's digests and the bulletin of the groups: written once, sent until they are gone; how many left.

    Not for long: what a slow gateway leaves over goes with the next patrol, before which the deadlines are looked at.
    """
    with transaction() as session:
        compose_digests(session, at=at)
        compose_bulletin(session, at=at)
    with transaction() as session:
        close_silent(session, at=at)
    until = time.monotonic() + PEOPLE
    told = send_enquiry_messages(at=at, until=until) + send_digests(at=at, until=until)
    return told + send_bulletins(at=at)


def overdue_table(at: datetime) -> list[dict[str, Any]]:
    """The list of the overdue as Prefect shows it: numbers, departments and dates, nobody's name."""
    with transaction() as session:
        return [
            {
                "办件": line.case_number,
                "事项": line.item or "（整个办件）",
                "部门": line.department,
                "期限": line.clock,
                "到期日": line.due.isoformat() if line.due else "",
                "超期（工作日）": line.working_days_late,
            }
            for line in overdue_listed(session, at=at)
        ]


def publish_overdue(at: datetime) -> None:
    """The list as a table artifact of this run."""
    table = overdue_table(at)
    create_table_artifact(table, key="overdue", description=f"超期清单：{len(table)} 项")


def now() -> datetime:
    """The wall clock, which only the edges read."""
    return datetime.now(UTC)


def _cases_due(at: datetime) -> Iterator[str]:
    """Each case once, the longest waiting first."""
    seen: set[str] = set()
    place: tuple[datetime, str] | None = None
    while True:
        with transaction() as session:
            batch = cases_with_a_rung_due(session, at, BATCH, after=place)
        for _, number in batch:
            if number not in seen:
                seen.add(number)
                yield number
        if len(batch) < BATCH:
            return
        place = batch[-1]


def _emit(card: Card) -> None:
    emit_event(
        EVENT,
        resource={"prefect.resource.id": f"yijianshi.case.{card.case_number}"},
        occurred=card.opened_at,
        payload={
            "card": card.number,
            "rule": card.rule,
            "level": card.level.value,
            "department": card.department_code,
            "arose_at": card.arose_at.isoformat(),
        },
        id=uuid5(NAMESPACE_URL, f"yijianshi:card:{card.number}"),
    )
