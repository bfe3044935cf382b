"""What does the managers' daily digest say of messages that reached nobody?"""

from datetime import UTC, datetime, timedelta

from sqlmodel import Session, select

from actions.digesting import compose_digests
from actions.untold import untold
from models.digest import Digest
from models.notice import Notice, notices_of
from rules.notices import NoticeState
from tests.people import MANAGER, MORNING, a_case, a_city

MONDAY = datetime(2026, 3, 9, 1, 30, tzinfo=UTC)  # 09:30 in the hall


def test_the_managers_read_of_it_once_a_day_and_nobody_else(db: Session) -> None:
    a_city(db)
    number = a_case(db).number
    assert untold(db, at=MONDAY) == []
    assert compose_digests(db, at=MONDAY) == 0, "nothing to tell"
    for notice, state in zip(
        notices_of(db, number), (NoticeState.UNKNOWN, NoticeState.REJECTED), strict=False
    ):
        notice.state, notice.error = state, "收件地址被拒绝：<chen@example.com>"
    db.flush()
    assert compose_digests(db, at=MONDAY) == 1
    [digest] = db.exec(select(Digest))
    assert digest.username == MANAGER
    assert "近七天的通知：结果不明 1 条，发送失败 1 条" in digest.body
    assert f"{number} 第 1 条" in digest.body
    assert "1 条需要在通知台账上核实" in digest.body
    assert "chen@example.com" not in digest.body
    assert compose_digests(db, at=MONDAY + timedelta(minutes=1)) == 0


def test_what_is_long_past_is_not_told_again(db: Session) -> None:
    a_city(db)
    number = a_case(db).number
    for notice in notices_of(db, number):
        notice.state = NoticeState.REJECTED
    db.flush()
    assert untold(db, at=MORNING + timedelta(days=8)) == []


def test_a_long_list_is_cut(db: Session) -> None:
    a_city(db)
    for _ in range(6):
        a_case(db)
    for notice in db.exec(select(Notice)):
        notice.state = NoticeState.UNKNOWN
    db.flush()
    lines = untold(db, at=MONDAY)
    assert "结果不明 24 条" in lines[1]
    assert lines[-1] == "……另有 4 条，请在通知台账上查看。"
