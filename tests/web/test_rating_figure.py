"""Do the ratings reach the statistics?"""

from datetime import UTC, datetime
from typing import Any

from models.database import transaction
from models.rating import Rating
from rules.voices import Grade, VisitKind
from tests.people import MANAGER, a_case
from tests.web.hall import at_desk


def a_rating(number: str, visit: str, grade: Grade, **more: Any) -> Rating:
    at = datetime.now(UTC)
    kind = next(iter(VisitKind))
    return Rating(case_number=number, visit=visit, visit_kind=kind, grade=grade, given_at=at, **more)


def test_each_grade_with_its_number_and_the_ratings_behind_it(city: None) -> None:
    with transaction() as session:
        number = a_case(session, at=datetime.now(UTC)).number
        session.add(a_rating(number, "a", Grade.SATISFIED))
        session.add(a_rating(number, "b", Grade.SATISFIED))
        session.add(a_rating(number, "c", Grade.DISSATISFIED))
        session.add(a_rating(number, "d", Grade.DISSATISFIED, counted=False))
    manager = at_desk(MANAGER)
    lines = manager.get("/manage/figures/ratings.csv").content.decode("utf-8-sig").splitlines()
    assert lines[1:] == [
        "非常满意,0,0.0%",
        "满意,2,66.7%",
        "基本满意,0,0.0%",
        "不满意,1,33.3%",
        "非常不满意,0,0.0%",
    ]
    assert manager.get("/manage/figures/ratings.svg").status_code == 200
    assert 'href="/ratings?days=30&amp;grade=satisfied"' in manager.get("/manage/figures").text
    assert manager.get("/ratings?days=30&grade=satisfied").status_code == 200
