"""Can anybody apply without an account, as at the counter, and can nobody else do it in their name?"""

import errno
import re
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session

from config.settings import settings
from models.audit import timeline
from models.case import lock_submission, materials_of
from models.database import transaction
from models.notice import notices_of
from models.online import ContactCode, codes_in_inbox
from rules.contact_codes import TRIES
from rules.material import MaterialState
from rules.people import ApplyChannel
from rules.states import Act, CaseState
from tests.people import CLERK, a_case, a_city
from tests.web.hall import ANSWERS, PDF, PERSON, Browser, at_desk, somebody, the_only_case, words
from tests.web.online import APPLY, applied, begun, confirmed, filled, latest_code, sent, with_code
from tests.web.test_voices import ask
from web import drafts, online, online_drafts, online_proof
from web.leaving import FORM, KIOSK, OPENED
from web.limiting import Rate

SATURDAY_NIGHT = datetime(2026, 3, 7, 15, 0, tzinfo=UTC)  # 23:00 in the hall


@pytest.fixture
def applicant() -> Browser:
    return somebody()


@pytest.fixture
def on_saturday(monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    for module in (online, online_drafts, online_proof):
        monkeypatch.setattr(module, "now", lambda: SATURDAY_NIGHT)
    yield
    settings.cache_clear()


def minutes_pass(monkeypatch: pytest.MonkeyPatch, minutes: float) -> None:
    later = datetime.now(UTC) + timedelta(minutes=minutes)
    monkeypatch.setattr(online_proof, "now", lambda: later)


@pytest.mark.parametrize("district", ["", "000001"])
def test_the_applicant_says_where_it_is_handled(applicant: Browser, district: str) -> None:
    assert "在哪里办理" in applicant.text(APPLY)
    assert applied(applicant, district=district).district == district


def test_nobody_applies_where_there_is_no_district(applicant: Browser) -> None:
    wrong = applicant.post(APPLY, filled(applicant, district="000099") | {"do": "submit"})
    assert (wrong.status_code, "没有行政区划“000099”" in wrong.text) == (422, True)
    assert "在哪里办理" not in at_desk(CLERK).text("/window/new/B1"), "at a window it is the window's"


def test_the_same_form_as_at_the_counter(applicant: Browser) -> None:
    page = applicant.text(APPLY)
    for question in ("先回答几个问题", "申请人", "代理人", "要办的事项", "材料"):
        assert question in page
    assert "读卡器" not in page
    assert "纸质已收" not in page
    assert applicant.get("/apply/B1").headers["location"] == APPLY


def test_from_the_form_to_the_receipt(applicant: Browser) -> None:
    case = applied(applicant)
    assert (case.state, case.apply_channel, case.submitted_by) == (
        CaseState.SUBMITTED,
        ApplyChannel.ONLINE,
        "applicant",
    )
    assert case.window_clerk == ""
    with transaction() as session:
        [entry] = timeline(session, case.number)
        assert (entry.act, entry.actor) == (Act.SUBMIT, "applicant")
        assert entry.facts == {"channel": "online", "submitter": "applicant", "proven": "sms"}
        assert {one.state for one in materials_of(session, case.number)} <= {
            MaterialState.SUPPLIED,
            MaterialState.AWAITED,
            MaterialState.SHARED,
        }
        assert notices_of(session, case.number)
    receipt = applicant.text(f"/track/{case.number}/receipt")
    for expected in (case.number, case.query_code, "网上", "陈*", "收件日", "最迟告知是否受理"):
        assert expected in receipt
    assert PERSON["applicant.id_number"] not in receipt
    assert f"/track/{case.number}" in applicant.get(f"/track/{case.number}/receipt").text


def test_the_window_sees_which_came_online(applicant: Browser) -> None:
    case = applied(applicant)
    clerk = at_desk(CLERK)
    assert "网上" in clerk.text("/window")
    assert "网上" in clerk.text(f"/cases/{case.number}")


def test_an_agent_proves_the_agents_phone(applicant: Browser) -> None:
    agent = {
        "agent.on": "yes",
        "agent.name": "王立",
        "agent.id_number": "000000198502020025",
        "agent.phone": "13800000009",
        "agent.authority": "授权委托书，全部事项",
    }
    form = sent(applicant, **agent)["form"]
    page = applicant.text(f"{APPLY}/confirm")
    assert "138****0009" in page
    assert "chen" not in page
    case = confirmed(applicant, form, with_code(applicant, form)).headers["location"].split("/")[2]
    with transaction() as session:
        assert timeline(session, case)[0].facts["submitter"] == "agent"


def test_faults_come_back_beside_their_fields_and_nothing_is_lost(applicant: Browser) -> None:
    fields = filled(applicant) | {"applicant.phone": "123", "address": "示例路9号"}
    answer = applicant.post(APPLY, fields | {"do": "submit"})
    assert answer.status_code == 422
    assert "手机号应为 11 位" in words(answer)
    assert 'value="示例路9号"' in answer.text
    assert the_only_case() is None


def test_nobody_hands_in_paper_online(applicant: Browser) -> None:
    fields = filled(applicant)
    form = begun(somebody())
    papers = {name: "paper" for name in fields if name.startswith("how.")}
    answer = applicant.post(APPLY, {"form": form} | ANSWERS | PERSON | papers | {"do": "submit"})
    assert answer.status_code == 422
    assert "缺少材料" in words(answer)


def test_the_hall_tells_a_stranger_nothing_it_knows_of_a_number(applicant: Browser) -> None:
    case = applied(somebody())
    form = begun(applicant)
    page = applicant.post(f"{APPLY}/plan", {"form": form} | ANSWERS | PERSON).text
    assert case.number not in page
    assert "沿用" not in page


def test_typed_means_kept_and_the_cookie_finds_it_again(applicant: Browser) -> None:
    form = begun(applicant)
    applicant.post(f"{APPLY}/plan", {"form": form, "address": "示例路2号"})
    page = applicant.get(APPLY).text
    assert 'value="示例路2号"' in page
    assert f'value="{form}"' in page
    assert "示例路2号" not in somebody().get(APPLY).text


@pytest.mark.parametrize(("size", "status", "why"), [(0, 422, "类型不接受"), (2 << 20, 413, "超过 1 MB")])
def test_put_aside_says_that_a_file_was_not_kept(
    applicant: Browser, monkeypatch: pytest.MonkeyPatch, size: int, status: int, why: str
) -> None:
    monkeypatch.setenv("YJS_UPLOAD_LIMIT_MB", "1")
    settings.cache_clear()
    aside = {"form": begun(applicant), "address": "示例路7号", "do": "later"} | ANSWERS
    wrong = {"file.M-LAYOUT": ("布局.txt", b"words" + b"0" * size, "text/plain")}
    answer = applicant.post(APPLY, aside, files=wrong)
    assert (answer.status_code, why in words(answer), "缺少材料" in words(answer)) == (status, True, False)
    assert 'value="示例路7号"' in answer.text, "what was typed is kept all the same"
    assert "表已经存好" in words(applicant.post(APPLY, aside))


def test_a_private_link_goes_on_elsewhere(applicant: Browser) -> None:
    form = begun(applicant)
    answer = applicant.post(APPLY, {"form": form, "address": "示例路3号", "do": "later"})
    link = re.search(r'value="(https?://[^"]+/apply/resume/\w+)"', answer.text)
    assert link
    elsewhere = somebody()
    moved = elsewhere.get("/" + link[1].split("/", 3)[3])
    assert moved.headers["location"] == APPLY
    assert "示例路3号" in elsewhere.get(APPLY).text
    assert elsewhere.get("/apply/resume/" + "0" * 32).status_code == 404


def test_a_wrong_code_makes_no_case_and_five_end_it(applicant: Browser) -> None:
    form = sent(applicant)["form"]
    code = with_code(applicant, form)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for left in range(TRIES - 1, 0, -1):
        answer = confirmed(applicant, form, wrong)
        assert answer.status_code == 422
        assert f"还可以再试 {left} 次" in words(answer)
    assert "已经失效" in words(confirmed(applicant, form, wrong))
    assert "已经失效" in words(confirmed(applicant, form, code))
    assert the_only_case() is None


def test_no_code_is_no_try(applicant: Browser) -> None:
    form = sent(applicant)["form"]
    assert "请输入验证码。" in words(confirmed(applicant, form, ""))
    code = with_code(applicant, form)
    for empty in ("", "  ") * TRIES:
        answer = confirmed(applicant, form, empty)
        assert answer.status_code == 422
        assert 'id="fault-code"' in answer.text
        assert "请输入验证码。" in words(answer)
    assert the_only_case() is None
    assert confirmed(applicant, form, code).status_code == 303


def test_a_code_lapses_after_ten_minutes(applicant: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    form = sent(applicant)["form"]
    code = with_code(applicant, form)
    minutes_pass(monkeypatch, 10.1)
    assert "已经失效" in words(confirmed(applicant, form, code))
    assert the_only_case() is None


def test_a_code_is_good_for_its_own_form_and_phone_only(applicant: Browser) -> None:
    other = somebody()
    form, others = sent(applicant)["form"], sent(other, **{"applicant.phone": "13800000007"})["form"]
    code = with_code(applicant, form)
    assert confirmed(other, others, code).status_code == 422
    applicant.post(APPLY, filled(applicant, form=form) | {"applicant.phone": "13800000008", "form": form})
    assert confirmed(applicant, form, code).status_code == 422
    assert the_only_case() is None


def test_one_phone_gets_few_codes(applicant: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    form = sent(applicant)["form"]
    with_code(applicant, form)
    again = {"form": form, "channel": "sms"}
    answer = applicant.post(f"{APPLY}/code", again)
    assert answer.status_code == 422
    assert "秒后再获取" in words(answer)
    assert 'id="fault-code"' not in answer.text, "nothing is wrong with the code"
    for minutes in (2, 4, 6, 8):
        minutes_pass(monkeypatch, minutes)
        assert applicant.post(f"{APPLY}/code", again).status_code == 303
    minutes_pass(monkeypatch, 10)
    assert "分钟后再获取" in words(applicant.post(f"{APPLY}/code", again))


def test_one_address_gets_few_codes(applicant: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        online_proof, "CODES", Rate("contact code", 1, timedelta(minutes=10), "从这个网络获取验证码太频繁。")
    )
    form = sent(applicant)["form"]
    with_code(applicant, form)
    answer = applicant.post(f"{APPLY}/code", {"form": form, "channel": "email"})
    assert answer.status_code == 429
    assert "太频繁" in words(answer)


def test_the_record_keeps_no_code(applicant: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(online_proof, "is_demo", lambda: False)
    monkeypatch.setattr(online_proof, "routes_of", lambda _: ("a gateway",))
    form = sent(applicant)["form"]
    assert applicant.post(f"{APPLY}/code", {"form": form, "channel": "sms"}).status_code == 303
    with transaction() as session:
        assert codes_in_inbox(session) == []
        [row] = session.query(ContactCode).all()
        assert len(row.code_hash) == 64
        assert form not in (row.form_hash, row.code_hash)


def test_without_a_channel_the_window_is_named(applicant: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(online_proof, "is_demo", lambda: False)
    form = sent(applicant)["form"]
    assert "请到综合窗口提交" in applicant.text(f"{APPLY}/confirm")
    assert applicant.post(f"{APPLY}/code", {"form": form, "channel": "sms"}).status_code == 422


def test_two_clicks_make_one_case(applicant: Browser) -> None:
    form = sent(applicant)["form"]
    code = with_code(applicant, form)
    first, second = confirmed(applicant, form, code), confirmed(applicant, form, code)
    assert first.headers["location"] == second.headers["location"]
    assert the_only_case()
    assert applicant.post(APPLY, {"form": form, "do": "submit"}).headers["location"].startswith("/track?no=")


def test_a_file_that_comes_with_the_second_click_touches_nothing_of_the_case(
    applicant: Browser, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    form = sent(applicant)["form"]
    code, clicks = with_code(applicant, form), iter([1])

    def while_another_click_makes_it_a_case(session: Session, key: str) -> None:
        if next(clicks, None):
            confirmed(applicant, form, code)
        lock_submission(session, key)

    monkeypatch.setattr(online, "lock_submission", while_another_click_makes_it_a_case)
    late = {"file.M-LAYOUT": ("新.pdf", PDF, "application/pdf")}
    answer = somebody().post(f"{APPLY}/plan", {"form": form}, files=late)
    case = the_only_case()
    assert case
    assert answer.headers.get("location") == f"/track?no={case.number}"
    with transaction() as session:
        kept = {one.stored_as for one in materials_of(session, case.number) if one.stored_as}
    assert {one.name for one in (tmp_path / "uploads").rglob("*") if one.is_file()} == kept


def test_the_name_of_a_form_opens_no_case(applicant: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    form = sent(applicant)["form"]
    code = with_code(applicant, form)
    receipt = confirmed(applicant, form, code).headers["location"]
    number = receipt.split("/")[2]
    stranger = somebody()
    for wrong in ("", *[f"{(int(code) + 1) % 10**6:06}"] * TRIES, code):  # the last one comes too late
        assert confirmed(stranger, form, wrong).headers["location"] == f"/track?no={number}"
    assert OPENED not in stranger.client.cookies
    with transaction() as session:  # and the tries are counted where they were made
        row = session.query(ContactCode).one()
        assert row.wrong == TRIES
        row.wrong = 0
    assert confirmed(applicant, form, code).headers["location"] == receipt
    minutes_pass(monkeypatch, 10.1)
    assert confirmed(stranger, form, code).headers["location"] == f"/track?no={number}"
    assert OPENED not in stranger.client.cookies


@pytest.mark.parametrize(("key", "told"), [("day-00001", 404), ("0" * 32, 303)])
def test_nor_does_the_key_of_a_program(applicant: Browser, key: str, told: int) -> None:
    with transaction() as session:
        a_city(session)
        a_case(session, submission_key=key)
    answer = confirmed(applicant, key, "123456")
    assert answer.status_code == told
    assert OPENED not in applicant.client.cookies


def test_a_full_disk_leaves_the_form_as_it_was(
    applicant: Browser, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def there() -> dict[Path, bytes]:
        return {one: one.read_bytes() for one in (tmp_path / "uploads").rglob("*") if one.is_file()}

    def full(_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    fields = filled(applicant) | {"address": "示例路6号"}
    before, late = there(), {"file.M-LAYOUT": ("新.pdf", PDF, "application/pdf")}
    with monkeypatch.context() as patch:
        patch.setattr(drafts, "on_disk", full)
        answer = applicant.post(f"{APPLY}/plan", fields, files=late)
    assert (answer.status_code, "填写的内容没有保存" in words(answer)) == (507, True)
    assert there() == before
    assert applicant.post(f"{APPLY}/plan", fields, files=late).status_code == 200
    assert len(there()) == len(before), "the former file is gone once the form names the new one"
    assert len(before.keys() - there().keys()) == 1
    assert "示例路6号" in applicant.get(APPLY).text


def test_what_a_crash_left_of_a_form_is_swept(db: Session, tmp_path: Path) -> None:
    folder = settings().uploads / "drafts"
    folder.mkdir(parents=True)
    rest = folder / f"{'0' * 32}.12345678.new"
    rest.write_text("{")
    for days, stays in ((6, True), (8, False)):
        drafts.sweep(db, datetime.now(UTC) + timedelta(days=days))
        assert rest.exists() == stays


def test_leaving_throws_the_form_away_with_its_files(applicant: Browser, tmp_path: Path) -> None:
    fields = filled(applicant)
    assert [path for path in (tmp_path / "uploads").iterdir() if path.is_file()]
    answer = applicant.post(f"{APPLY}/leave", {"form": fields["form"]})
    assert answer.headers["location"] == "/left"
    assert not [path for path in (tmp_path / "uploads").rglob("*") if path.is_file()]
    assert FORM not in applicant.client.cookies
    assert "没有留下您的信息" in applicant.text("/left")


def test_after_leaving_no_form_of_before_can_be_sent(applicant: Browser) -> None:
    csrf = applicant.csrf()
    form = begun(applicant)
    applicant.post("/leave")
    answer = applicant.client.post(APPLY, data={"csrf": csrf, "form": form, "do": "later"})
    assert answer.status_code == 403


def test_after_leaving_the_next_person_opens_neither_case_nor_letter(applicant: Browser) -> None:
    progress = f"/track/{applied(applicant).number}"
    letter = ask(applicant).headers["location"].removesuffix("/receipt")
    assert [applicant.get(page).status_code for page in (progress, letter)] == [200, 200]
    applicant.post("/leave")
    assert [applicant.get(page).status_code for page in (progress, letter)] == [303, 303]


def test_a_shared_device_ends_by_itself(applicant: Browser) -> None:
    assert "data-idle" not in applicant.get(APPLY).text
    applicant.post("/kiosk")
    assert applicant.client.cookies[KIOSK]
    assert 'data-idle="900"' in applicant.get(APPLY).text
    answer = applicant.post(f"{APPLY}/plan", {"form": begun(applicant)})
    assert "Max-Age=900" in answer.headers["set-cookie"]


def test_pages_about_people_are_kept_nowhere(applicant: Browser) -> None:
    case = applied(applicant)
    for path in (APPLY, f"{APPLY}/confirm", f"/track/{case.number}/receipt", f"/track/{case.number}/collect"):
        answer = applicant.get(path)
        assert answer.headers["cache-control"] == "no-store"
        title = re.search(r"<title>(.*?)</title>", answer.text)
        assert title
        assert not {PERSON["applicant.name"], PERSON["applicant.phone"]} & {*title[1].split()}


@pytest.mark.parametrize(
    ("mode", "day", "until"), [("strict", "3月7日", "3月13日"), ("next_working_day", "3月9日", "3月16日")]
)
def test_saturday_night_counts_as_the_law_says(
    applicant: Browser, on_saturday: None, monkeypatch: pytest.MonkeyPatch, mode: str, day: str, until: str
) -> None:
    monkeypatch.setenv("YJS_RECEIPT_MODE", mode)
    settings.cache_clear()
    case = applied(applicant)
    receipt = applicant.text(f"/track/{case.number}/receipt")
    assert "2026-03-07 23:00" in receipt
    assert f"收件日 2026年{day}" in receipt
    assert f"最迟告知是否受理 2026年{until}" in receipt
    assert "现在不是办公时间" in receipt


def test_a_stranger_cannot_send_a_form_he_was_not_given(applicant: Browser) -> None:
    fields = filled(applicant)
    assert at_desk(CLERK).post("/window/new/B1/plan", {"form": fields["form"]}).status_code == 403
    other = somebody().post("/apply/start-a-company/plan", {"form": fields["form"]})
    assert other.status_code == 403
    assert applicant.post(APPLY, {"form": "x"}).status_code == 403


def test_bad_input_is_one_sentence(applicant: Browser) -> None:
    assert applicant.get("/apply/B99").status_code == 404
    assert applicant.get(f"{APPLY}/confirm").status_code == 404
    assert confirmed(applicant, "0" * 32, "123456").status_code == 404
    form = sent(applicant)["form"]
    assert applicant.post(f"{APPLY}/code", {"form": form, "channel": "pigeon"}).status_code == 422
    assert "已经失效" in words(confirmed(applicant, form, "123456"))
    wrong = {"file.M-LAYOUT": ("布局.txt", b"words", "text/plain")}
    answer = applicant.post(f"{APPLY}/plan", {"form": begun(applicant)}, files=wrong)
    assert "类型不接受" in words(answer)


def test_the_local_inbox_shows_the_code_in_the_demo(applicant: Browser) -> None:
    form = sent(applicant)["form"]
    with_code(applicant, form)
    assert latest_code() in applicant.text(f"{APPLY}/confirm")
