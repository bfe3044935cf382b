"""Until when may the applicant still say how the results come?"""

from datetime import timedelta

import pytest
from sqlmodel import Session

from actions.archiving import archive
from actions.collecting import choose_way, still_to_come
from actions.deciding import grant, refuse
from actions.delivering import deliver, returned, ship
from actions.doing import possible
from actions.issuing import issue
from models.case import Case
from rules.errors import WrongState
from rules.people import ResultWay
from tests.actions.small import a_bundle, a_case_of, an_item
from tests.people import CLERK, MORNING, a_city, account

NOON = MORNING + timedelta(hours=3)


@pytest.fixture
def made(db: Session, monkeypatch: pytest.MonkeyPatch) -> Case:
    """Two results made, and one refusal."""
    a_city(db)
    bundle = a_bundle(an_item(1), an_item(2, "fire"), an_item(3, "urban"))
    case = a_case_of(db, bundle, monkeypatch)
    grant(db, case.number, "B9-1", by=account(db, "market"), at=MORNING)
    grant(db, case.number, "B9-2", by=account(db, "fire"), at=MORNING)
    refuse(db, case.number, "B9-3", "不合格。", by=account(db, "urban"), at=MORNING)
    db.flush()
    chosen(db, case)
    issue(db, case.number, at=MORNING)
    db.flush()
    return case


def chosen(db: Session, case: Case) -> None:
    """It is offered, and may be done."""
    assert "choose-way" in {one.doing.name for one in possible(db, case.number, account(db, CLERK), at=NOON)}
    choose_way(db, case.number, ResultWay.COUNTER, {}, by=None, at=NOON)
    db.flush()


def too_late(db: Session, case: Case, why: str) -> None:
    """Neither."""
    assert not still_to_come(db, case)
    offered = possible(db, case.number, account(db, CLERK), at=NOON)
    assert "choose-way" not in {one.doing.name for one in offered}
    with pytest.raises(WrongState, match=why):
        choose_way(db, case.number, ResultWay.COUNTER, {}, by=None, at=NOON)


def test_not_once_everything_has_left_but_when_it_comes_back(db: Session, made: Case) -> None:
    clerk = account(db, CLERK)
    ship(db, made.number, "示例快递", "EX000000001CN", by=clerk, at=NOON, items=["B9-1"])
    db.flush()
    chosen(db, made)
    ship(db, made.number, "示例快递", "EX000000002CN", by=clerk, at=NOON)
    db.flush()
    assert made.delivered_at is None
    too_late(db, made, "寄出")
    returned(db, made.number, "地址无人。", by=clerk, at=NOON, items=["B9-1"])
    db.flush()
    chosen(db, made)


def test_nor_once_it_is_delivered_or_put_away(db: Session, made: Case) -> None:
    clerk = account(db, CLERK)
    deliver(db, made.number, by=clerk, at=NOON)
    db.flush()
    too_late(db, made, "送达")
    archive(db, made.number, by=clerk, at=NOON)
    db.flush()
    too_late(db, made, "归档")


def test_nor_of_a_case_put_away_with_nothing_to_hand_over(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_city(db)
    case = a_case_of(db, a_bundle(an_item(1)), monkeypatch)
    refuse(db, case.number, "B9-1", "不合格。", by=account(db, "market"), at=MORNING)
    issue(db, case.number, at=MORNING)
    db.flush()
    chosen(db, case)
    archive(db, case.number, by=account(db, CLERK), at=NOON)
    db.flush()
    too_late(db, case, "归档")
