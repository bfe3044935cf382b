"""Papers: written once, signed, as page and PDF/A, checked online and offline, revoked visibly."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlmodel import Session

from actions.accepting import decline
from actions.deciding import grant, refuse, transfer
from actions.extending import extend_case, extend_item
from actions.supervising import fire_due_rungs
from actions.suspending import Procedure, start_special
from config.catalogue import departments
from config.settings import settings
from documents import writing
from documents.keys import public_pem, read_public
from documents.signing import check, qr_text
from documents.typesetting import pdf_of
from documents.writing import write, write_all
from models.case import Case, find_case, items_of
from models.database import transaction
from models.document import Document, documents_of, revoke_documents
from models.notice import queue_notice
from rules.bundle import Limit, Special, Unit
from rules.documents import DocumentKind
from rules.errors import Refused
from rules.moments import china_day
from rules.notices import Event
from tests.actions.small import FORM, PLAN, a_bundle, a_case_of, an_item
from tests.people import CLERK, GOVERNOR, MORNING, a_city, account
from tests.web.hall import Browser, a_case_today, at_desk, somebody, words
from web.entering import now
from web.limiting import FAILURES


def decided() -> Case:
    case = a_case_today()
    with transaction() as session:
        grant(session, case.number, "B1-1", by=account(session, "market"), at=now())
        refuse(session, case.number, "B1-4", "疏散通道宽度不足。", by=account(session, "fire"), at=now())
    return case


def papers(case: Case) -> dict[DocumentKind, Document]:
    with transaction() as session:
        return {paper.kind: write(session, paper.number) for paper in documents_of(session, case.number)}


def scanned(paper: Document) -> str:
    """The path that a telephone opens."""
    parts = urlsplit(qr_text(paper))
    return f"{parts.path}?{parts.query}"


def test_every_stage_has_its_paper(city: None) -> None:
    found = papers(decided())
    assert set(found) == {
        DocumentKind.RECEIPT,
        DocumentKind.ACCEPTANCE,
        DocumentKind.GRANT,
        DocumentKind.REFUSAL,
    }
    refusal = "".join(found[DocumentKind.REFUSAL].paragraphs)
    for said in ("陈一诺", "消防安全检查", "疏散通道宽度不足", "行政复议", "行政诉讼"):
        assert said in refusal
    assert "消防救援" in found[DocumentKind.REFUSAL].issuer
    assert "市场监督" in found[DocumentKind.ACCEPTANCE].issuer


def test_an_adverse_paper_names_every_redress_its_time_limit_and_where_to_go(city: None) -> None:
    """行政复议法 art. 20: who is not told of them has a year instead of sixty days."""
    case = decided()
    with transaction() as session:
        kept = session.get_one(Case, case.number)
        item = next(one for one in items_of(session, case.number) if one.code == "B1-2")
        facts = {"item": item.name, "department": "市场监管局", "reason": "承诺不实。"}
        queue_notice(session, kept, Event.REVOKED, about=f"{item.number}/9", facts=facts, at=now())
        by, until = account(session, "urban"), china_day(now()) + timedelta(days=10)
        grant(session, case.number, "B1-3", by=by, at=now(), conditions="补装牌匾。", conditions_until=until)
    other = a_case_today(accepted=False)
    with transaction() as session:
        decline(session, other.number, "不属于本辖区。", by=account(session, CLERK), at=now())
    found = papers(case) | papers(other)
    for kind, issuer in (
        (DocumentKind.REFUSAL, "消防救援"),
        (DocumentKind.REVOCATION, "市场监督"),
        (DocumentKind.NON_ACCEPTANCE, "市场监督"),
        (DocumentKind.GRANT, "城市管理"),
    ):
        redress = found[kind].paragraphs[-1 if kind is not DocumentKind.GRANT else -2]
        for said in ("六十日内", "行政复议法第二十条", "六个月内", "行政诉讼法第四十六条", "法院"):
            assert said in redress, kind
        assert re.search(f"向[^，]*{issuer}[^，]*的本级人民政府申请行政复议", redress), kind
    plain = papers(decided())[DocumentKind.GRANT]
    assert "行政复议" not in "".join(plain.paragraphs)


def test_papers_and_what_is_published_about_them_carry_the_year(city: None) -> None:
    case = decided()
    paper = papers(case)[DocumentKind.REFUSAL]
    today = china_day(now())
    dated = f"{today.year}年{today.month}月{today.day}日"
    assert f"（电子印章） {dated}" in at_desk(CLERK).text(f"/documents/{paper.number}")
    assert f"出具日期 {dated}" in somebody().text(scanned(paper))


@pytest.mark.parametrize(
    ("kind", "said", "unsaid"),
    [
        ("01", "行政许可法第三十八条", "政务服务大厅反映"),
        ("07", "行政复议", "行政许可法"),
        ("20", "政务服务大厅反映", "行政复议"),
    ],
)
def test_a_refusal_cites_the_law_of_its_kind_of_matter(
    city: None, monkeypatch: pytest.MonkeyPatch, kind: str, said: str, unsaid: str
) -> None:
    """A public service is no administrative act, and the licensing law is the law of licences."""
    monkeypatch.setattr(writing, "_item_type", lambda *_: kind)
    refusal = "".join(papers(decided())[DocumentKind.REFUSAL].paragraphs)
    assert said in refusal
    assert unsaid not in refusal


def test_the_query_code_is_on_no_paper(city: None) -> None:
    case = decided()
    for paper in papers(case).values():
        assert case.query_code not in "".join(paper.paragraphs) + str(paper.facts)


def test_a_paper_is_written_once(city: None) -> None:
    case = decided()
    first = {kind: paper.digest for kind, paper in papers(case).items()}
    with transaction() as session:
        session.get_one(Case, case.number).applicant_name = "另一人"
    assert {kind: paper.digest for kind, paper in papers(case).items()} == first
    assert write_all() == 0


def test_a_busy_day_is_written_out_though_one_paper_cannot_be(
    city: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Seen after a bad day: a hundred a minute were written, and the city made more."""
    monkeypatch.setattr(writing, "BATCH", 2)
    cases = [decided() for _ in range(3)]
    with transaction() as session:
        bad = documents_of(session, cases[0].number)[0]
        bad.facts = {}
    with caplog.at_level("ERROR"):
        assert write_all() >= 11
    assert bad.number in caplog.text
    with transaction() as session:
        left = [paper for case in cases for paper in documents_of(session, case.number) if not paper.digest]
        assert [paper.number for paper in left] == [bad.number]
        session.get_one(Document, bad.number).facts = {"promised_due_on": "2026-12-01"}
    assert write_all(seconds=0) == 0  # the time was up


def test_page_and_pdf_for_whoever_sees_the_case(city: None) -> None:
    case = decided()
    paper = papers(case)[DocumentKind.ACCEPTANCE]
    clerk = at_desk(CLERK)
    assert f'href="/documents/{paper.number}"' in clerk.get(f"/cases/{case.number}").text
    assert "材料齐全、符合法定形式" in clerk.text(f"/documents/{paper.number}")
    answer = clerk.get(f"/documents/{paper.number}/pdf")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-1.7")
    assert b"pdfaid" in answer.content, "it says that it is PDF/A"
    assert at_desk("tax").get(f"/documents/{paper.number}").status_code == 403
    assert somebody().get(f"/documents/{paper.number}").status_code == 303, "sign in first"
    assert clerk.get("/documents/000000-B1-20260306-000001-2-SL1").status_code == 404


def test_the_applicant_reads_and_keeps_the_papers_of_this_case_only(city: None) -> None:
    case, other = decided(), decided()
    paper = papers(case)[DocumentKind.REFUSAL]
    theirs = papers(other)[DocumentKind.REFUSAL]
    applicant = Browser()
    path = f"/track/{case.number}/documents/{paper.number}"
    assert applicant.get(path).status_code == 303, "query code first"
    applicant.post("/track", {"number": case.number, "code": case.query_code})
    assert path in applicant.get(f"/track/{case.number}").text
    assert "疏散通道宽度不足" in applicant.text(path)
    assert applicant.get(f"{path}/pdf").content.startswith(b"%PDF")
    assert applicant.get(f"/track/{case.number}/documents/{theirs.number}").status_code == 404


def test_anybody_can_check_a_paper_online_without_signing_in(city: None) -> None:
    paper = papers(decided())[DocumentKind.ACCEPTANCE]
    page = somebody().text(scanned(paper))
    assert "真实有效" in page
    assert paper.number in page
    assert "陈一诺" not in page
    for changed in (
        scanned(paper).replace("t=SL", "t=ZY"),
        scanned(paper).replace(f"h={paper.digest[:4]}", "h=0000"),
        scanned(paper).split("?")[0],
        f"/verify/nothing?{urlsplit(scanned(paper)).query}",
    ):
        answer = somebody().get(changed)
        assert answer.status_code == 404
        assert "核验不通过" in words(answer)


def test_anybody_can_check_a_paper_by_its_number_and_the_code_beside_it(city: None) -> None:
    case = decided()
    paper = papers(case)[DocumentKind.GRANT]
    visitor = somebody()
    assert "核验码" in visitor.text("/verify")
    code = re.search(r"核验码 <strong>(\w{8})<", at_desk("market").get(f"/documents/{paper.number}").text)
    assert code is not None
    assert "✓ 真实有效" in visitor.text(f"/verify?number={paper.number}&code={code[1].lower()}")
    as_typed = f" {paper.number[:8]} {paper.number[8:]} ".lower()
    assert "✓ 真实有效" in visitor.text(f"/verify?number={as_typed}&code={code[1]}")
    for wrong in ("", "00000000", code[1][:-1]):
        answer = visitor.get(f"/verify?number={paper.number}&code={wrong}")
        assert answer.status_code == 404
        assert "核验不通过" in words(answer)
        assert "出具单位" not in words(answer).replace("向出具单位核实", "")
    for number in ("nothing", "%00%01", "长" * 3000):
        assert visitor.get(f"/verify?number={number}&code=00000000").status_code == 404
    for _ in range(FAILURES):
        answer = visitor.get(f"/verify?number={paper.number}&code=00000000")
    assert answer.status_code == 429
    assert "10 分钟后再试" in words(answer)


def test_papers_say_what_is_owed_and_count_what_was_handed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = a_bundle(an_item(1, materials=("M-FORM", "M-PLAN")), an_item(2, "fire"), materials=(FORM, PLAN))
    with transaction() as session:
        owing = a_case_of(session, bundle, monkeypatch, at=now(), deferred=("M-PLAN",))
        whole = a_case_of(session, bundle, monkeypatch, at=now())
    found = papers(owing)
    receipt = "".join(found[DocumentKind.RECEIPT].paragraphs)
    assert "和 1 项材料" in receipt
    assert "承诺后补：平面图" in receipt
    acceptance = "".join(found[DocumentKind.ACCEPTANCE].paragraphs)
    assert "材料齐全、符合法定形式" not in acceptance
    assert re.search(r"还缺：平面图。请不晚于 \d+年\d+月\d+日补交", acceptance)
    complete = papers(whole)
    assert "材料齐全、符合法定形式" in "".join(complete[DocumentKind.ACCEPTANCE].paragraphs)


@pytest.mark.parametrize(
    ("stops", "procedure", "said"),
    [
        ((True, True), Procedure("检验检测", "抽样。", 5), ["不计算在期限内", "依据：行政许可法第四十五条"]),
        ((True, False), Procedure("鉴定", "抽样。", 5), ["不计算在法定期限内", "行政许可法第四十五条"]),
        ((False, True), Procedure("公示", "公示。", 5), ["不计算在承诺期限内，法定期限照常计算。"]),
        ((False, False), Procedure("现场核查", "看场地。", 5), ["所需时间计算在期限内"]),
        ((False, False), Procedure("现场核查", "看场地。", 5, "某条例第三条"), ["依据：某条例第三条"]),
    ],
)
def test_a_special_procedure_says_which_limit_stands_still(
    db: Session,
    monkeypatch: pytest.MonkeyPatch,
    stops: tuple[bool, bool],
    procedure: Procedure,
    said: list[str],
) -> None:
    a_city(db)
    case = a_case_of(db, a_bundle(an_item(1, special=(Special(procedure.kind, *stops),))), monkeypatch)
    start_special(db, case.number, "B9-1", procedure, by=account(db, "market-head"), at=MORNING)
    db.flush()
    [paper] = [one for one in documents_of(db, case.number) if one.kind is DocumentKind.SPECIAL]
    written = "".join(write(db, paper.number).paragraphs)
    assert [words for words in said if words not in written] == []
    assert ("不计算在期限内" in written) == all(stops)
    assert ("第四十五条" in written) == stops[0]


@pytest.mark.parametrize("deferred", [(), ("M-PLAN",)])
def test_who_was_silent_for_too_long_has_examined_nothing(
    db: Session, monkeypatch: pytest.MonkeyPatch, deferred: tuple[str, ...]
) -> None:
    a_city(db)
    bundle = a_bundle(an_item(1, materials=("M-FORM", "M-PLAN")), materials=(FORM, PLAN))
    case = a_case_of(db, bundle, monkeypatch, accepted=False, deferred=deferred)
    fire_due_rungs(db, case.number, at=MORNING + timedelta(days=10))
    db.flush()
    [paper] = [one for one in documents_of(db, case.number) if one.kind is DocumentKind.ACCEPTANCE]
    written = "".join(write(db, paper.number).paragraphs)
    assert "自 2026年3月6日收到申请材料之日起即为受理" in written
    for never in ("齐全", "决定"):
        assert never not in written
    assert ("还缺：平面图" in written) == bool(deferred)


def test_the_joint_answer_names_what_was_handed_on(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    a_city(db)
    case = a_case_of(db, a_bundle(an_item(1), an_item(2, "fire")), monkeypatch)
    grant(db, case.number, "B9-1", by=account(db, "market"), at=MORNING)
    transfer(db, case.number, "B9-2", "示例省局", "省级权限。", by=account(db, "fire"), at=MORNING)
    db.flush()
    [paper] = [one for one in documents_of(db, case.number) if one.kind is DocumentKind.COMPLETION]
    assert write(db, paper.number).paragraphs[2:] == ["准予：事项1。", "已转报有权机关办理：事项2。"]


def test_an_extension_is_told_by_whoever_may_extend(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    a_city(db)
    law = Limit(20, Unit.WORKING_DAY, "某条例", "assumption", extend=10)
    bundle = a_bundle(an_item(1), an_item(2, "fire", legal=law), legal=law)
    part, whole = a_case_of(db, bundle, monkeypatch), a_case_of(db, bundle, monkeypatch)
    extend_item(db, part.number, "B9-2", "案情复杂。", by=account(db, "fire-head"), at=MORNING)
    approval, governor = "示政批〔2026〕1号", account(db, GOVERNOR)
    extend_case(db, whole.number, "案情复杂。", approval, by=governor, at=MORNING)
    db.flush()
    for case, department in ((part, "fire"), (whole, "market")):
        [paper] = [one for one in documents_of(db, case.number) if one.kind is DocumentKind.EXTENSION]
        assert write(db, paper.number).issuer == departments()[department].name


def test_and_offline_with_the_published_key_alone(city: None) -> None:
    paper = papers(decided())[DocumentKind.ACCEPTANCE]
    key = read_public(somebody().get("/verify/key.pem").content)
    assert check(qr_text(paper), key)["number"] == paper.number
    assert public_pem().encode() == somebody().get("/verify/key.pem").content
    forged = qr_text(paper).replace(paper.number, paper.number.replace("SL", "ZY"))
    with pytest.raises(Refused, match="签名不对"):
        check(forged, key)
    with pytest.raises(Refused, match="不完整"):
        check("https://example.com/", key)
    with pytest.raises(Refused, match="公钥"):
        read_public(b"no key")


def test_a_revoked_paper_says_so(city: None) -> None:
    case = decided()
    paper = papers(case)[DocumentKind.GRANT]
    with transaction() as session:
        kinds = [DocumentKind.GRANT]
        revoke_documents(session, case.number, paper.item_number, kinds, because="承诺不实。", at=now())
    page = somebody().text(scanned(paper))
    assert "这份文书已被撤销" in page
    assert "真实有效" not in page
    assert "本文书已被撤销" in at_desk(CLERK).text(f"/documents/{paper.number}")
    with transaction() as session:
        assert len(pdf_of(write(session, paper.number))) > 1000


@pytest.mark.parametrize("name", ["𠮷野", "😀", "ئەخمەت"])
def test_a_sign_that_the_font_lacks_keeps_no_paper_back(
    city: None, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    case = a_case_today()
    with transaction() as session:
        find_case(session, case.number).applicant_name = name
    paper = papers(case)[DocumentKind.RECEIPT]
    assert name in paper.paragraphs[0]
    assert pdf_of(paper).startswith(b"%PDF")
    assert paper.number in caplog.text
    assert not set(name) & set(caplog.text), "the log holds nothing of a name"


def test_the_key_is_kept_from_everybody_else(city: None) -> None:
    papers(decided())
    [key] = (settings().data / "keys").glob("*.pem")
    assert key.stat().st_mode & 0o077 == 0
    assert re.match(r"-----BEGIN PRIVATE KEY-----", key.read_text())
    assert parse_qs(urlsplit(scanned(papers(decided())[DocumentKind.RECEIPT])).query)["s"]
