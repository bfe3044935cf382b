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
from actions.doing import DOINGS
from actions.supervising import fire_due_rungs
from actions.tokens import account_of_token, end_token, make_token
from cli.main import app as yjs
from models.database import transaction
from rules.errors import Faulty
from tests.people import CLERK, MANAGER, account
from tests.web.hall import a_case_today, at_desk, the_app
from web.entering import now


class Program:
    """A caller with a token."""

    def __init__(self, username: str = "") -> None:
        self.client = TestClient(the_app(), raise_server_exceptions=False)
        if username:
            with transaction() as session:
                token = make_token(session, username, "测试", 1, at=now())
            self.client.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str) -> Response:
        return self.client.get(f"/api/v1{path}")

    def post(self, path: str, body: Any) -> Response:
        return self.client.post(f"/api/v1{path}", json=body)


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
    first = clerk.post("/cases", form)
    assert first.status_code == 201
    again = clerk.post("/cases", form)
    assert again.status_code == 200
    assert again.json() == first.json()
    assert clerk.post("/cases", form | {"bundle": "open-a-restaurant"}).status_code == 200, "its English name"
    other = dict(form["applicant"], name="林一白")
    mistaken = clerk.post("/cases", form | {"applicant": other})
    assert mistaken.status_code == 409
    assert "已经提交过" in mistaken.json()["error"]
    assert mistaken.json()["case_no"] == first.json()["case_no"]
    for changes in ({"bundle": "B2"}, {"applicant": dict(form["applicant"], kind="organisation")}):
        assert clerk.post("/cases", form | changes).status_code == 409, changes
    assert clerk.get("/cases").json()["total"] == 1


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
    assert large.status_code == 413
    assert "1 MB" in large.json()["error"]


def test_without_a_token_every_route_is_closed(city: None) -> None:
    case, nobody = a_case_today(), Program()
    paths = the_app().openapi()["paths"]
    assert len(paths) >= 7
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
    for path in ("", "/acts", "/clocks", "/cards", "/notices"):
        answer = tax.get(f"/cases/{case.number}{path}")
        assert answer.status_code == 403, path
        assert "陈一诺" not in answer.text
    assert tax.post(f"/cases/{case.number}/acts/grant", {"item": "B1-1"}).status_code == 403
    fire = Program("fire")
    stolen = fire.post(f"/cases/{case.number}/acts/grant", {"item": "B1-1"})
    assert stolen.status_code == 403
    assert fire.get(f"/cases/{case.number}").json()["items"][0]["decision"] is None
    assert fire.get("/cases").json()["total"] == 1
    assert tax.get("/cases").json()["total"] == 0, "a department does not list what others have"
    assert tax.get("/cases?department=fire").status_code == 403
    assert Program(MANAGER).get("/cases").json()["total"] == 1


def test_what_is_filtered_by_is_known_or_named(city: None) -> None:
    case, manager = a_case_today(), Program(MANAGER)
    for query, total in (
        ("state=accepted", 1),
        ("state=void", 0),
        ("bundle=B1&department=fire&overdue=no&archived=no", 1),
        ("overdue=yes", 0),
        ("archived=yes", 0),
        (f"q={case.number[-8:]}", 1),
        ("q=%25", 0),
        ("q=%00", 1),
        ("page=7", 1),
    ):
        assert manager.get(f"/cases?{query}").json()["total"] == total, query
    for query, name in (
        ("state=nonsense", "state"),
        ("bundle=%00", "bundle"),
        ("department=x", "department"),
        ("overdue=1", "overdue"),
        ("archived=maybe", "archived"),
        ("page=-1", "page"),
        ("page=0", "page"),
        ("page=1.5", "page"),
        ("stat=accepted", "stat"),
    ):
        answer = manager.get(f"/cases?{query}")
        assert (answer.status_code, list(answer.json()["faults"])) == (422, [name]), query
    assert manager.get(f"/cases/{case.number}?x=1").status_code == 422
    for item in ("%00", "B9-9"):
        assert manager.get(f"/cases/{case.number}/clocks?item={item}").status_code == 404
    assert manager.get(f"/cases/{case.number}/clocks?item=B1-1").json()[0]["item"] == "B1-1"


def test_what_was_told_and_found_is_read_by_those_who_read_it_on_the_pages(city: None) -> None:
    case = a_case_today()
    with transaction() as session:
        fire_due_rungs(session, case.number, at=now() + timedelta(days=90))
    told = Program(CLERK).get(f"/cases/{case.number}/notices").json()
    assert {"receipt", "accepted"} <= {one["event"] for one in told}
    assert "13800000000" not in json.dumps([one["address"] for one in told])
    assert Program("market").get(f"/cases/{case.number}/notices").status_code == 403
    found = Program("market").get(f"/cases/{case.number}/cards").json()
    assert found[0]["case_no"] == case.number
    assert {"rule", "level", "finding", "closed_at"} <= set(found[0])


def test_it_is_described_for_programs(city: None) -> None:
    nobody = Program()
    answer = nobody.client.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    described = answer.json()
    assert all(path.startswith("/api/v1/cases") for path in described["paths"])
    assert "$defs" not in answer.text
    for verbs in described["paths"].values():
        for verb in verbs.values():
            assert verb["security"] == [{"HTTPBearer": []}]
            assert {"401", "403", "404", "409", "422", "429"} <= set(verb["responses"])
            assert verb["description"]
    form = described["paths"]["/api/v1/cases"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert "id_number" in form["properties"]["applicant"]["properties"]
    for page in ("/docs", "/redoc", "/api/v1/docs"):
        assert nobody.client.get(page).status_code == 404


def test_a_browser_session_opens_nothing_here(city: None) -> None:
    case, clerk = a_case_today(), at_desk(CLERK)
    assert clerk.get(f"/cases/{case.number}").status_code == 200
    assert clerk.get(f"/api/v1/cases/{case.number}").status_code == 401
    assert clerk.client.post(f"/api/v1/cases/{case.number}/acts/accept", json={}).status_code == 401


def test_a_token_ends_with_its_account(city: None) -> None:
    clerk = Program(CLERK)
    assert clerk.get("/cases").status_code == 200
    with transaction() as session:
        account(session, CLERK).active = False
    assert clerk.get("/cases").status_code == 401


def test_an_unknown_case_or_act_is_one_sentence(city: None) -> None:
    case, market = a_case_today(), Program("market")
    for path in ("/cases/000000-B1-20260306-000001-2", "/cases/x", "/cases/%00"):
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
    case = a_case_today()
    with transaction() as session:
        grant(session, case.number, "B1-1", by=account(session, "market"), at=now())
    answer = Program("market-head").post(f"/cases/{case.number}/acts/grant", {"item": "B1-1"})
    assert answer.status_code == 409
    assert "由 market经办 作出准予决定" in answer.json()["error"]


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
FIELDS = sorted({field.name for doing in DOINGS.values() for field in doing.fields})
SOME_WORDS = st.sampled_from(
    ["", "理由充分。", "\x00", "\ud800", "yes", "B1-1", "2026-02-30", "9" * 400, "0"]
)


def test_no_body_breaks_it(city: None) -> None:
    """Whatever is sent: a sentence and a status of ours, never 500; and whoever may not, does not."""
    case, programs = a_case_today(), [Program(CLERK), Program("market-head"), Program("lijianguo")]

    def sent(who: int, path: str, body: Any) -> None:
        raw = json.dumps(body).encode()  # escapes what no client library would send
        answer = programs[who].client.post(f"/api/v1{path}", content=raw)
        assert answer.status_code < 500, (path, body, answer.text)
        if answer.status_code >= 400:
            assert answer.json()["error"], (path, body)

    @settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        body=ANYTHING,
        name=st.sampled_from(sorted(DOINGS)),
        who=st.integers(0, 2),
        data=st.dictionaries(st.sampled_from(FIELDS), ANYTHING | SOME_WORDS, max_size=6),
        item=st.sampled_from(["", "B1-1", "B1-5", "\x00"]),
    )
    def any_body(body: Any, name: str, who: int, data: Any, item: str) -> None:
        sent(who, f"/cases/{case.number}/acts/{name}", body)
        sent(who, f"/cases/{case.number}/acts/{name}", {"item": item, "data": data})
        every = {field.name: next(iter(data.values()), "x") for field in DOINGS[name].fields}
        sent(who, f"/cases/{case.number}/acts/{name}", {"item": item, "data": every, "dry_run": True})
        sent(who, "/cases", body)

    any_body()


AGENT = {"name": "林百川", "id_number": "000000199001010018", "phone": "13900000009", "authority": "委托书"}
PARTS = [
    *("bundle", "address", "submission_key", "answers.Q2", "materials.0.id", "deferred.0"),
    *(f"applicant.{name}" for name in ("name", "id_number", "phone", "email", "contact_name")),
    *(f"agent.{name}" for name in AGENT),
]


@pytest.mark.parametrize("part", PARTS)
def test_no_part_of_an_application_breaks_it(city: None, part: str) -> None:
    clerk, form = Program(CLERK), an_application(deferred=["M-PREMISES"], agent=AGENT)
    form["materials"] = [one for one in form["materials"] if one["id"] != "M-PREMISES"]
    assert clerk.post("/cases", form).status_code == 201, "but for this part there is no fault in it"
    for value in ("陈\x00一诺", "\ud800", {"a": 1}, 10**400, -1, "长" * 101, "长" * 5000):
        broken: Any = json.loads(json.dumps(form))
        *way, last = [int(step) if step.isdigit() else step for step in part.split(".")]
        place = broken
        for step in way:
            place = place[step]
        place[last] = value
        answer = clerk.client.post("/api/v1/cases", content=json.dumps(broken).encode())
        assert answer.status_code < 500, (value, answer.text)
