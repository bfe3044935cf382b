"""What everybody may read: the start page and a guide to each bundle, straight from the catalogue."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from actions.applying import bundle_named
from config.catalogue import catalogue, departments
from config.counter import counter_of
from documents.blank_forms import blank_form
from web.entering import Visitor
from web.guides import elements, marks_said, procedure, source_said
from web.leaving import is_kiosk
from web.showing import show

router = APIRouter()


@router.get("/")
def start(request: Request, _: Visitor) -> Response:
    """What can be done here."""
    return show(request, "start.html", bundles=catalogue().values(), kiosk=is_kiosk(request))


@router.get("/guides")
def guides(request: Request, _: Visitor) -> Response:
    """A guide to each bundle."""
    return show(request, "guides.html", bundles=catalogue().values(), departments=departments())


@router.get("/guides/{code}")
def guide(request: Request, _: Visitor, code: str) -> Response:
    """办事指南: the nine elements with their sources, then items and materials one by one; to be printed."""
    bundle = bundle_named(code)
    return show(
        request,
        "guide.html",
        bundle=bundle,
        departments=departments(),
        counter=counter_of(bundle),
        elements=elements(bundle),
        procedure=procedure(bundle),
        source_said=source_said,
        marks_said=marks_said,
    )


@router.get("/guides/{code}/form.pdf")
def form(request: Request, code: str) -> Response:
    """空白申请表, to be printed and filled in by hand. Whoever has it already is not sent it again."""
    blank = blank_form(bundle_named(code))
    headers = {
        "ETag": f'"{blank.mark}"',
        "Cache-Control": "public, no-cache",  # kept, but asked for each time whether it is still this one
        "Content-Disposition": f'inline; filename="{blank.name}"',
    }
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(blank.pdf, media_type="application/pdf", headers=headers)
