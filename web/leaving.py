"""结束并清除: nothing about the last person stays on a device that the next one uses."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from config.catalogue import catalogue
from web.entering import VISIT, OurForm, typed
from web.showing import set_cookie, show

router = APIRouter()

OPENED = "yjs_case"  # "number.code": opens this one page of the progress
LETTER = "yjs_enquiry"  # "number.code": opens this one letter
FORM = "yjs_apply"  # the form this browser fills; one for each bundle, by its path
KIOSK = "yjs_kiosk"  # this device is used by one person after another
IDLE = 15 * 60  # seconds; then a shared device clears itself


@router.post("/leave")
def leave(_form: OurForm) -> Response:
    """Close everything on this device; a form that was begun stays where its private link leads."""
    return cleared(RedirectResponse("/left", 303))


@router.get("/left")
def left(request: Request) -> Response:
    """It is done."""
    return show(request, "left.html", kiosk=is_kiosk(request))


@router.post("/kiosk")
def shared_device(form: OurForm) -> Response:
    """公用设备: from now on this device clears itself after a while; or no longer."""
    response = RedirectResponse("/", 303)
    if typed(form, "off"):
        response.delete_cookie(KIOSK)
    else:
        set_cookie(response, KIOSK, "yes", seconds=365 * 24 * 3600)
    return response


def is_kiosk(request: Request) -> bool:
    """Does one person after another sit here?"""
    return KIOSK in request.cookies


def cleared(response: Response) -> Response:
    """Take back every cookie of a visitor, and ask the browser to forget what it has kept of the pages."""
    response.delete_cookie(OPENED, path="/track")
    response.delete_cookie(LETTER, path="/enquiry")
    for bundle in catalogue().values():
        response.delete_cookie(FORM, path=form_path(bundle.slug))
    response.delete_cookie(VISIT)  # without it no form that the back button shows can be sent again
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def form_path(slug: str) -> str:
    """Where the form of a bundle is, online."""
    return f"/apply/{slug}"
