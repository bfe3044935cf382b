"""What does a list of cases read? Of a person the names only: the rest lies sealed, and is read where it is shown."""

from typing import Any, cast

from sqlalchemy.orm import defer
from sqlmodel import select
from sqlmodel.sql.expression import SelectOfScalar

from models.case import Case

_SEALED = [
    defer(cast(Any, one))
    for one in (
        Case.applicant_id_number,
        Case.phone,
        Case.email,
        Case.address,
        Case.agent_id_number,
        Case.agent_phone,
    )
]


def cases_for_a_list() -> SelectOfScalar[Case]:
    """Cases of which a list shows the name at most: what is sealed stays so, and is read when it is asked for."""
    return select(Case).options(*_SEALED)
