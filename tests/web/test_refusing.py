"""Does every wrong turn end in one sentence with the right status, and does no page let a stranger in?"""

import re
from io import BytesIO
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from actions.asking import MOST_WORDS
from actions.storing import store
from config.settings import settings
from models.case import Material, materials_of
from models.database import transaction
from tests.people import CLERK, MANAGER, a_case, an_application
from tests.web.hall import PDF, Browser, at_desk, somebody, words
from tests.web.test_voices import ask, everything
from web.app import create_app

TEMPLATES = Path(__file__).parent.parent.parent / "web" / "templates"


def test_an_unknown_address() -> None:
    answer = somebody().get("/nothing/here")
    assert answer.status_code == 404
    assert "没有这个页面" in words(answer)


def test_an_address_that_is_only_for_forms() -> None:
    answer = somebody().get("/sign-out")
    assert answer.status_code == 405
    assert "不能直接打开" in words(answer)


def test_a_fault_of_ours_has_a_reference_and_no_traceback(caplog: pytest.LogCaptureFixture) -> None:
    app = create_app()

    def broken() -> None:
        raise RuntimeError("陈一诺 000000199001010018")

    app.add_api_route("/broken", broken)
    answer = TestClient(app, raise_server_exceptions=False).get("/broken")
    assert answer.status_code == 500
    found = re.search(r"编号 ([0-9a-f]{8})", answer.text)
    assert found
    assert "陈一诺" not in answer.text
    assert "Traceback" not in answer.text
    assert found[1] in caplog.text
    assert "Content-Security-Policy" in answer.headers


@pytest.mark.parametrize("page", ["/", "/sign-in", "/nothing", "/window", "/static/hall.css"])
def test_every_answer_carries_the_headers(page: str) -> None:
    headers = somebody().get(page).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "'unsafe" not in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == ("no-store" if "static" not in page else "max-age=31536000, immutable")


def test_no_template_needs_an_inline_script_or_style() -> None:
    for path in TEMPLATES.glob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?! src=)|\|\s*safe\b|https?://", text), (
            path.name
        )


def test_every_form_that_changes_something_bears_our_mark() -> None:
    for path in TEMPLATES.glob("*.html"):
        for form in re.findall(
            r'<form[^>]*method="post".*?</form>', path.read_text(encoding="utf-8"), re.DOTALL
        ):
            assert "csrf" in form, path.name


def a_file(session: Session) -> Material:
    stored = store(BytesIO(PDF), "布局图.pdf", "M-LAYOUT", folder=settings().uploads, limit=1 << 20)
    papers = tuple(stored if paper.spec_id == "M-LAYOUT" else paper for paper in an_application().supplied)
    case = a_case(session, supplied=papers)
    return next(row for row in materials_of(session, case.number) if row.stored_as)


@pytest.fixture
def material(city: None) -> Material:
    with transaction() as session:
        return a_file(session)


def test_a_file_is_downloaded_under_its_own_name(material: Material) -> None:
    answer = at_desk("market").get(f"/materials/{material.id}")
    assert answer.content == PDF
    assert (
        answer.headers["Content-Disposition"]
        == "attachment; filename*=utf-8''%E5%B8%83%E5%B1%80%E5%9B%BE.pdf"
    )
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    shown = at_desk(CLERK).get(f"/materials/{material.id}?view=1")
    assert shown.headers["Content-Disposition"].startswith("inline")
    assert shown.headers["Content-Type"] == "application/pdf"


def test_a_file_opens_only_to_those_who_handle_the_case(material: Material) -> None:
    assert somebody().get(f"/materials/{material.id}").status_code == 303
    for username in ("tax", MANAGER):
        assert at_desk(username).get(f"/materials/{material.id}").status_code == 403


@pytest.mark.parametrize(
    ("name", "status"),
    [("00000000-0000-4000-8000-000000000000", 404), ("..%2f..%2fetc", 404), ("nonsense", 422)],
)
def test_a_file_that_is_not_there(name: str, status: int) -> None:
    answer = at_desk(CLERK).get(f"/materials/{name}")
    assert answer.status_code == status
    assert "<h1>" in answer.text


def test_a_lost_file_is_said_to_be_lost(material: Material) -> None:
    (settings().uploads / material.stored_as).unlink()
    answer = at_desk(CLERK).get(f"/materials/{material.id}")
    assert answer.status_code == 404
    assert "不在存储中" in words(answer)


def test_what_people_type_is_never_run_as_a_page() -> None:
    evil = "<img src=x onerror=alert(1)>"
    clerk = at_desk(CLERK)
    assert evil not in clerk.get(f"/window/all?q={evil}").text
    assert evil not in somebody().get(f"/track?no={evil}").text
    assert evil not in somebody().get(f"/guides/{evil}").text
    answer = somebody().post("/sign-in", {"username": evil, "password": "x"})
    assert evil not in answer.text


def test_what_its_own_field_let_in_is_not_too_long(city: None) -> None:
    text = ("一行。\n" * MOST_WORDS)[: MOST_WORDS - 1] + "完"
    answer = ask(somebody(), words=text.replace("\n", "\r\n"))  # as browsers send it
    assert answer.status_code == 303, words(answer)
    [letter] = everything()
    assert letter.words == text


def test_a_mangled_form_is_one_sentence(city: None) -> None:
    browser: Browser = at_desk(CLERK)
    broken = browser.client.post(
        "/window/new/B1",
        content=b"--x\r\nnonsense",
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )
    assert broken.status_code in (400, 403)
    assert "<h1>" in broken.text
    huge = browser.client.post("/window/new/B1", data={f"f{n}": "1" for n in range(1200)})
    assert huge.status_code in (400, 403)
