"""Is the bulletin of the groups written once a working day, with numbers and without people?"""

from datetime import UTC, datetime

import pytest

from config.settings import settings
from models.bulletin import Bulletin
from models.database import transaction
from tasks.patrolling import fire_what_is_due, tell_people
from tests.people import a_case, a_city


@pytest.fixture(autouse=True)
def city(fresh_database: object) -> None:
    with transaction() as session:
        a_city(session)


def test_the_groups_read_numbers_only(monkeypatch: pytest.MonkeyPatch) -> None:
    morning = datetime(2026, 3, 16, 1, tzinfo=UTC)  # Monday 09:00 in the hall
    with transaction() as session:
        number = a_case(session, accepted=False).number
    fire_what_is_due(morning)
    tell_people(morning)
    with transaction() as session:
        assert session.get(Bulletin, morning.date()) is None, "no group is configured"
    monkeypatch.setenv("YJS_STAFF_URL", "json://127.0.0.1:9/group?cto=1")
    settings.cache_clear()
    tell_people(morning)
    tell_people(morning)
    with transaction() as session:
        bulletin = session.get_one(Bulletin, morning.date())
    settings.cache_clear()
    assert "未销号的监察卡" in bulletin.body
    assert settings().web_url in bulletin.body
    for private in (number, "陈一诺", "13800000000"):
        assert private not in bulletin.subject + bulletin.body
    assert bulletin.attempts == 1, "nobody answers at that address; it is tried again later"
