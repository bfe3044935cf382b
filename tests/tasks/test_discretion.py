"""Nothing personal reaches Prefect, not even when PostgreSQL quotes the row it refuses."""

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from tasks.discretion import RecordTrouble, discreet
from tests.people import a_case, a_city


def test_a_row_that_postgresql_quotes_stays_in_our_own_log(db: Session) -> None:
    a_city(db)
    case = a_case(db)
    case.concluded_at = case.submitted_at  # without an outcome: the database refuses the row
    with pytest.raises(RecordTrouble) as trouble, discreet(case.number):
        db.flush()
    assert case.number in str(trouble.value)
    assert IntegrityError.__name__ in str(trouble.value)
    assert trouble.value.__suppress_context__
    assert "陈一诺" not in str(trouble.value)
