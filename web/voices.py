"""咨询、投诉、办不成事: anybody may write, with or without a case, and follows it by number and query code."""

import hmac
import secrets
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from actions.asking import ASKED, MOST_NAME, MOST_REMARK, MOST_WORDS, Sent, judge, send
from config.catalogue import departments
from config.voices import limits
from models.enquiry import Enquiry, course_of, find_enquiry
from rules.errors import Faulty, NotFound
from rules.voices import OPEN, VoiceKind, fault_of_enquiry_number
from web.entering import Db, OurForm, Visitor, now, typed
from web.leaving import LETTER
from web.limiting import Guesses, TooMany
from web.showing import set_cookie, show

router = APIRouter(prefix="/enquiry")

OPEN_FOR = 15 * 60  # seconds, as the progress page of a case
UNKNOWN = "没有找到这件来信，或者查询码不对。请对照提交后的回执核对。"
TRAP = "website"  # no person sees it; whoever fills it in is a program
FIELDS = ("kind", "department", "case_number", "words", "name", "phone")

guesses = Guesses("enquiry code")
sendings = Guesses("enquiry", TooMany)


@router.get("")
def form(request: Request, _: Visitor, case: str = "", kind: str = "") -> Response:
    """The form; a link from a progress page brings the case number along."""
    fields = dict.fromkeys(FIELDS, "") | {"case_number": case[:50], "kind": kind[:20]}
    return _form(request, fields, secrets.token_urlsafe(24))


@router.post("")
def sent(request: Request, db: Db, _: Visitor, form: OurForm) -> Response:
    """提交: a number and a query code, and the page that shows them."""
    fields = {name: typed(form, name) for name in FIELDS}
    fields["case_number"] = fields["case_number"].upper()
    key, address, at = typed(form, "key"), _address(request), now()
    if typed(form, TRAP) or not 16 <= len(key) <= 64:
        fault = {"words": "没有提交成功，请刷新页面后重新填写。"}
        return _form(request, fields, secrets.token_urlsafe(24), status=422, faults=fault)
    sendings.must_be_few(address, at)
    try:
        with db.begin_nested():
            enquiry = send(db, Sent(**fields, key=key), at=at)
    except Faulty as faulty:
        return _form(request, fields, key, status=422, faults=faulty.faults)
    sendings.count(address, at)
    return _opened_now(enquiry, f"/enquiry/{enquiry.number}/receipt")


@router.get("/track")
def ask(request: Request, _: Visitor) -> Response:
    """Number and query code, please."""
    return show(request, "enquiry_track.html", number="", faults={})


@router.post("/track")
def look_up(request: Request, db: Db, _: Visitor, form: OurForm) -> Response:
    """They open the page for a while."""
    number, code = typed(form, "number").upper(), typed(form, "code").upper().replace(" ", "")
    faults = {"number": fault_of_enquiry_number(number), "code": None if code else "请填写查询码。"}
    if wrong := {field: why for field, why in faults.items() if why}:
        return show(request, "enquiry_track.html", status=422, number=number[:50], faults=wrong)
    enquiry = _with_code(request, db, number, code, now())
    if enquiry is None:
        return show(request, "enquiry_track.html", status=404, number=number, faults={"code": UNKNOWN})
    return _opened_now(enquiry, f"/enquiry/{number}")


@router.post("/leave")
def leave(_form: OurForm) -> Response:
    """Close the page on this device."""
    response = RedirectResponse("/enquiry/track", 303)
    response.delete_cookie(LETTER, path="/enquiry")
    return response


@router.get("/{number}/receipt")
def receipt(request: Request, db: Db, _: Visitor, number: str) -> Response:
    """The number, the query code, and by when there is an answer; to be kept or printed."""
    enquiry = _opened_here(request, db, number)
    if enquiry is None:
        return RedirectResponse("/enquiry/track", 303)
    return show(request, "enquiry_receipt.html", enquiry=enquiry, departments=departments())


@router.get("/{number}")
def course(request: Request, db: Db, _: Visitor, number: str) -> Response:
    """Who has it, by when, and the answer."""
    enquiry = _opened_here(request, db, number)
    return RedirectResponse("/enquiry/track", 303) if enquiry is None else _course(request, db, enquiry)


@router.post("/{number}/verdict")
def verdict(request: Request, db: Db, _: Visitor, number: str, form: OurForm) -> Response:
    """满意 or not."""
    enquiry = _opened_here(request, db, number)
    if enquiry is None:
        return RedirectResponse("/enquiry/track", 303)
    chosen, remark = typed(form, "satisfied"), typed(form, "remark")
    try:
        if chosen not in ("yes", "no"):
            raise Faulty({"satisfied": "请选择满意或者不满意。"})
        with db.begin_nested():
            judge(db, number, satisfied=chosen == "yes", remark=remark, at=now())
    except Faulty as faulty:
        return _course(request, db, enquiry, status=422, faults=faulty.faults, remark=remark)
    return RedirectResponse(f"/enquiry/{number}", 303)


def _form(
    request: Request,
    fields: dict[str, str],
    key: str,
    *,
    status: int = 200,
    faults: dict[str, str] | None = None,
) -> Response:
    return show(
        request,
        "enquiry_form.html",
        status=status,
        fields=fields,
        key=key,
        trap=TRAP,
        kinds=[(kind, limits().answer[kind]) for kind in ASKED],
        departments=departments(),
        most_words=MOST_WORDS,
        most_name=MOST_NAME,
        faults=faults or {},
    )


def _course(
    request: Request,
    db: Session,
    enquiry: Enquiry,
    *,
    status: int = 200,
    faults: dict[str, str] | None = None,
    remark: str = "",
) -> Response:
    return show(
        request,
        "enquiry.html",
        status=status,
        enquiry=enquiry,
        entries=course_of(db, enquiry.number),
        departments=departments(),
        is_open=enquiry.stage in OPEN,
        limits=limits(),
        most_remark=MOST_REMARK,
        faults=faults or {},
        remark=remark,
    )


def _opened_now(enquiry: Enquiry, path: str) -> Response:
    response = RedirectResponse(path, 303)
    opens = f"{enquiry.number}.{enquiry.query_code}"
    set_cookie(response, LETTER, opens, path="/enquiry", seconds=OPEN_FOR)
    return response


def _opened_here(request: Request, db: Session, number: str) -> Enquiry | None:
    """The enquiry, if it was opened on this device a moment ago with its query code."""
    opened, _, code = request.cookies.get(LETTER, "").partition(".")
    return _with_code(request, db, number, code, now()) if opened == number else None


def _with_code(request: Request, db: Session, number: str, code: str, at: datetime) -> Enquiry | None:
    """The enquiry, if the code is its own. A bad rating's is followed on the page of its case instead."""
    address = _address(request)
    guesses.must_be_few(address, at)
    try:
        found = None if fault_of_enquiry_number(number) else find_enquiry(db, number)
    except NotFound:
        found = None
    ours = found is not None and found.kind is not VoiceKind.RATING
    if found and ours and hmac.compare_digest(found.query_code.encode(), code.encode()):
        return found
    guesses.count(address, at)
    return None


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
