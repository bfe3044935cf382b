"""REST: the desks' acts and rights for programs; nobody reads or acts beyond them, and no body breaks it."""

import json
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from actions.deciding import grant
from actions.tokens import account_of_token, end_token, make_token
from cli.main import app as yjs
from models.database import transaction
from rules.errors import Faulty
from tests.people import CLERK, MANAGER, account
from tests.web.hall import ANSWERS, a_case_today
from web import api
from web.app import create_app
from web.entering import now
from web.limiting import Guesses


class Program:
    """A caller with a token."""

    def __init__(self, username: str = "") -> None:
        self.client = TestClient(create_app(), raise_server_exceptions=False)
        if username:
            with transaction() as session:
                token = make_token(session, username, "测试", 1, at=now())
            self.client.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str) -> Response:
        return self.client.get(f"/api/v1{path}")

    def post(self, path: str, body: Any) -> Response:
        return self.client.post(f"/api/v1{path}", json=body)


@pytest.fixture(autouse=True)
def nobody_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "wrong_tokens", Guesses())


def an_application(**changes: Any) -> dict[str, Any]:
    form = {
        "bundle": "B1",
        "accept": True,
        "applicant": {
            "kind": "person",
            "name": "陈一诺",
            "id_number": "000000199001010018",
            "phone": "13800000000",
        },
        "address": "示例市示例区示例路1号",
        "answers": {"Q1": True, "Q2": 320, "Q3": False, "Q4": True, "Q5": True, "Q6": False, "Q7": False},
        "materials": [
            {"id": material}
            for material in (
                "M-APPLY",
                "M-PREMISES",
                "M-LAYOUT",
                "M-FOOD-RULES",
                "M-FOOD-MANAGER",
                "M-SIGN",
                "M-FIRE-TECHNICAL",
            )
        ],
    }
    return form | changes


def test_a_case_from_beginning_to_end(city: None) -> None:
    clerk, market = Program(CLERK), Program("market")
    answer = clerk.post("/cases", an_application())
    if answer.status_code == 422:  # the catalogue asks for other papers: say which
        raise AssertionError(answer.json())
    assert answer.status_code == 201
    number = answer.json()["case_no"]
    assert answer.json()["state"] == "accepted"
    offers = market.get(f"/cases/{number}/acts").json()
    assert {"action", "label", "item", "required", "optional", "fields"} <= set(offers[0])
    assert ("grant", "B1-1") in {(offer["action"], offer["item"]) for offer in offers}
    foreseen = market.post(f"/cases/{number}/acts/grant", {"item": "B1-1", "dry_run": True})
    assert foreseen.json()["dry_run"] is True
    assert market.get(f"/cases/{number}").json()["items"][0]["decision"] is None, "nothing was done"
    done = market.post(f"/cases/{number}/acts/grant", {"item": "B1-1", "data": {"opinion": "属实。"}})
    assert done.status_code == 200
    assert done.json()["items"][0]["decision"] == "granted"
    clocks = market.get(f"/cases/{number}/clocks").json()
    assert all(clock["trace"] is not None for clock in clocks)
    listed = clerk.get("/cases?q=" + number).json()
    assert (listed["total"], listed["cases"][0]["case_no"]) == (1, number)


def test_the_same_form_twice_is_one_case(city: None) -> None:
    clerk, form = Program(CLERK), an_application(submission_key="from-the-city-0001")
    assert clerk.post("/cases", form).status_code == 201
    again = clerk.post("/cases", form)
    assert again.status_code == 409
    assert "已经提交过" in again.json()["error"]


def test_faults_are_named_field_by_field(city: None) -> None:
    clerk = Program(CLERK)
    answer = clerk.post("/cases", an_application(bundle="B1", applicant={"kind": "king"}, extra=1))
    assert answer.status_code == 422
    assert {"applicant.kind", "applicant.name", "extra"} <= set(answer.json()["faults"])
    for body in (b"{", b"[]", b"null", b'"text"', b"{}", b'{"bundle": Infinity}', b"NaN"):
        raw = clerk.client.post("/api/v1/cases", content=body)
        assert raw.status_code in (409, 422), (body, raw.status_code)
        assert raw.json()["error"]
    large = clerk.client.post("/api/v1/cases", content=b" " * ((1 << 20) + 1))
    assert large.status_code in (413, 422)


def test_without_a_token_every_route_is_closed(city: None) -> None:
    case, nobody = a_case_today(), Program()
    paths = create_app().openapi()["paths"]
    assert len(paths) >= 5
    for path, verbs in paths.items():
        assert path.startswith("/api/v1/")
        place = path.replace("{number}", case.number).replace("{name}", "grant")
        for verb in verbs:
            answer = nobody.client.request(verb.upper(), place, json={})
            assert answer.status_code == 401, (verb, path)
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            assert "陈一诺" not in answer.text


def test_another_department_reads_and_does_nothing_by_changing_the_number(city: None) -> None:
    case, tax = a_case_today(), Program("tax")
    for path in ("", "/acts", "/clocks"):
        answer = tax.get(f"/cases/{case.number}{path}")
        assert answer.status_code == 403, path
        assert "陈一诺" not in answer.text
    assert tax.post(f"/cases/{case.number}/acts/grant", {"item": "B1-1"}).status_code == 403
    fire = Program("fire")
    stolen = fire.post(f"/cases/{case.number}/acts/grant", {"item": "B1-1"})
    assert stolen.status_code == 403
    assert fire.get(f"/cases/{case.number}").json()["items"][0]["decision"] is None
    assert fire.get("/cases").status_code == 403, "a department does not list what others have"
    assert Program(MANAGER).get("/cases").json()["total"] == 1


def test_an_unknown_case_or_act_is_one_sentence(city: None) -> None:
    case, market = a_case_today(), Program("market")
    for path in ("/cases/000000-B1-20260306-000001-2", "/cases/x"):
        answer = market.get(path)
        assert answer.status_code == 404
        assert answer.json()["error"].endswith("。")
    unknown = market.post(f"/cases/{case.number}/acts/fly", {})
    assert (unknown.status_code, "没有“fly”这个动作" in unknown.json()["error"]) == (404, True)
    missing = market.post(f"/cases/{case.number}/acts/refuse", {"item": "B1-1"})
    assert (missing.status_code, list(missing.json()["faults"])) == (422, ["reason"])
    assert market.get("/nothing").status_code == 404
    assert market.get("/nothing").json()["error"]


def test_what_somebody_else_has_done_meanwhile_is_said(city: None) -> None:
    case, market = a_case_today(), Program("market")
    with transaction() as session:
        grant(session, case.number, "B1-1", by=account(session, "market"), at=now())
    answer = market.post(f"/cases/{case.number}/acts/grant", {"item": "B1-1"})
    assert answer.status_code == 409
    assert "market" in answer.json()["error"] or "经办" in answer.json()["error"]


def test_tokens_run_out_end_and_are_not_guessed(city: None) -> None:
    with transaction() as session:
        token = make_token(session, "market", "大数据平台", 30, at=now())
        assert account_of_token(session, token, at=now() + timedelta(days=29))
        assert account_of_token(session, token, at=now() + timedelta(days=31)) is None
        assert end_token(session, "market", "大数据平台", at=now()) == 1
        assert account_of_token(session, token, at=now()) is None
        with pytest.raises(Faulty):
            make_token(session, "market", "", 0, at=now())
    guesser = Program()
    codes = [
        guesser.client.get("/api/v1/cases", headers={"Authorization": f"Bearer yjs_{n}"}).status_code
        for n in range(12)
    ]
    assert codes[0] == 401
    assert codes[-1] == 429


def test_tokens_from_the_command_line(city: None) -> None:
    runner = CliRunner()
    made = runner.invoke(yjs, ["tokens", "make", "--as", "market", "--label", "市平台"])
    token = made.stdout.splitlines()[0]
    assert token.startswith("yjs_")
    listed = runner.invoke(yjs, ["tokens", "list", "--json"]).stdout
    assert token not in listed
    assert json.loads(listed)[0]["valid"] is True
    assert runner.invoke(yjs, ["tokens", "end", "--as", "market", "--label", "市平台"]).exit_code == 0
    assert runner.invoke(yjs, ["tokens", "end", "--as", "market", "--label", "市平台"]).exit_code == 1


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(
    [
        "accept",
        "grant",
        "refuse",
        "supply",
        "start-special",
        "extend",
        "withdraw",
        "reopen",
        "correct",
        "add-item",
    ]
)


def test_no_body_breaks_it(city: None) -> None:
    """Whatever is sent: a sentence and a status of ours, never 500."""
    case, programs = a_case_today(), [Program(CLERK), Program("market-head"), Program("lijianguo")]
    assert ANSWERS

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(body=ANYTHING, name=NAMES, who=st.integers(0, 2), data=ANYTHING)
    def any_body(body: Any, name: str, who: int, data: Any) -> None:
        program = programs[who]
        for sent in (
            body,
            {"item": "B1-1", "data": data},
            {"data": {"reason": data, "items": data, "kind": data}},
        ):
            answer = program.post(f"/cases/{case.number}/acts/{name}", sent)
            assert answer.status_code < 500, (name, sent, answer.text)
        answer = program.post("/cases", body)
        assert answer.status_code < 500, (body, answer.text)

    any_body()
