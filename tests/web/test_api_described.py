"""Does REST do what its own description says, whatever is sent? Schemathesis asks every operation as every caller."""

import secrets
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from actions.tokens import make_token
from models.audit import timeline
from models.database import transaction
from tests.people import CLERK, MANAGER
from tests.web.hall import a_case_today, the_app
from web.entering import now

HOLDS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)
CALLERS = (CLERK, "market", MANAGER, "")


def callers() -> Iterator[tuple[str, dict[str, str]]]:
    for username in CALLERS:
        with transaction() as session:
            token = make_token(session, username, "测试", 1, at=now()) if username else secrets.token_hex(8)
        yield username, {"Authorization": f"Bearer {token}"}


def asked(operation: Any, headers: dict[str, str], number: str, *, badly: bool) -> Counter[int]:
    """Many requests, half of them about a case that is there; how they were answered."""
    answers: Counter[int] = Counter()
    mode = schemathesis.GenerationMode.NEGATIVE if badly else schemathesis.GenerationMode.POSITIVE

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(max_examples=12, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def ask(case: Any) -> None:
        if "number" in (case.path_parameters or {}) and len(str(case.path_parameters["number"])) % 2:
            case.path_parameters["number"] = number
        answer = case.call(headers=headers)
        case.validate_response(answer, checks=list(HOLDS), headers=headers)
        assert "Traceback" not in answer.text
        answers[answer.status_code] += 1

    ask()
    return answers


@pytest.mark.parametrize("badly", [False, True])
def test_every_operation_answers_as_described(city: None, badly: bool) -> None:
    number = a_case_today().number
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", the_app())
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) == 8
    answers: Counter[int] = Counter()
    for _, headers in callers():
        for operation in operations:
            answers += asked(operation, headers, number, badly=badly)
    assert {200, 401, 404, 422} <= set(answers), "it was not asked for everything"


def test_nobody_without_a_token_changed_anything(city: None) -> None:
    number = a_case_today().number
    with transaction() as session:
        before = len(timeline(session, number))
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", the_app())
    for found in schema.get_all_operations():
        asked(found.ok(), {"Authorization": "Bearer nothing"}, number, badly=False)
    with transaction() as session:
        assert len(timeline(session, number)) == before
