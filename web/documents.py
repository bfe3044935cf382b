"""文书: a paper as page and as PDF/A, for whoever sees its case; and for everybody the answer whether it is genuine."""

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from markupsafe import Markup
from sqlmodel import Session

from documents.keys import public_pem, read_public
from documents.signing import check, matches, short_code, where_to_check
from documents.typesetting import pdf_of, qr_svg
from documents.writing import write
from models.document import Document, find_document
from rules.answering import UNSTORABLE
from rules.errors import NotFound, Refused
from web.case_page import case_seen_by
from web.entering import Db, Viewer, address_of, now
from web.limiting import Guesses
from web.showing import show
from web.track import ask_again, opened_here

router = APIRouter()
guesses = Guesses("verify")


@router.get("/documents/{number}")
def page(request: Request, db: Db, viewer: Viewer, number: str) -> Response:
    """The paper, to read and to print."""
    document = _seen_by_staff(db, viewer, number)
    return _page(request, document, f"/documents/{number}/pdf")


@router.get("/documents/{number}/pdf")
def pdf(db: Db, viewer: Viewer, number: str) -> Response:
    """The paper as PDF/A-2b."""
    return _pdf(_seen_by_staff(db, viewer, number))


@router.get("/track/{case_number}/documents/{number}")
def applicants_page(request: Request, db: Db, case_number: str, number: str) -> Response:
    """The paper, for the applicant who has opened the case with its query code."""
    if opened_here(request, db, case_number) is None:
        return ask_again(case_number)
    return _page(request, _of_case(db, number, case_number), f"/track/{case_number}/documents/{number}/pdf")


@router.get("/track/{case_number}/documents/{number}/pdf")
def applicants_pdf(request: Request, db: Db, case_number: str, number: str) -> Response:
    """The paper, to keep."""
    if opened_here(request, db, case_number) is None:
        return ask_again(case_number)
    return _pdf(_of_case(db, number, case_number))


@router.get("/verify/key.pem")
def key() -> Response:
    """The key with which anybody can check our papers without us."""
    return PlainTextResponse(public_pem(), media_type="application/x-pem-file")


@router.get("/verify")
def verify_typed(request: Request, db: Db, number: str = "", code: str = "") -> Response:
    """文书核验 by hand: number and 核验码, as they stand beside the QR code; nobody signs in."""
    number = "".join(UNSTORABLE.sub("", number).split()).upper()[:50]
    if not number and not code:
        return show(request, "verify.html", document=None, asked=False, number="")
    guesses.must_be_few(address_of(request), now())
    try:
        document = find_document(db, number)
    except NotFound:
        document = None
    if document is None or not matches(document, code):
        guesses.count(address_of(request), now())
        document = None
    return _checked(request, number, document)


@router.get("/verify/{number}")
def verify(request: Request, db: Db, number: str) -> Response:
    """Is this paper genuine, and does it still stand? Asked by whoever scans its QR code; nobody signs in."""
    try:
        vouched = check(str(request.url), read_public(public_pem().encode()))
        document = find_document(db, number)
        genuine = document.digest == vouched["digest"]
    except (Refused, NotFound):
        genuine, document = False, None
    return _checked(request, number, document if genuine else None)


def _checked(request: Request, number: str, genuine: Document | None) -> Response:
    status = 200 if genuine else 404
    return show(request, "verify.html", status=status, document=genuine, asked=True, number=number)


def _seen_by_staff(db: Session, viewer: Viewer, number: str) -> Document:
    case_seen_by(db, viewer, find_document(db, number).case_number)
    return write(db, number)


def _of_case(db: Session, number: str, case_number: str) -> Document:
    if find_document(db, number).case_number != case_number:  # another case's is not found
        raise NotFound(f"没有编号为 {number} 的文书。")
    return write(db, number)


def _page(request: Request, document: Document, pdf_path: str) -> Response:
    return show(
        request,
        "document.html",
        document=document,
        pdf_path=pdf_path,
        qr=Markup(qr_svg(document)),  # noqa: S704  a drawing of our own
        where=where_to_check(),
        code=short_code(document),
    )


def _pdf(document: Document) -> Response:
    headers = {
        "Content-Disposition": f'inline; filename="{document.number}.pdf"',
        "Cache-Control": "private, no-store",
    }
    return Response(pdf_of(document), media_type="application/pdf", headers=headers)
