"""What everybody may read: the start page and a guide to each bundle, straight from the catalogue."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from actions.applying import bundle_named
from config.catalogue import catalogue, departments
from web.entering import Visitor
from web.showing import show

router = APIRouter()


@router.get("/")
def start(request: Request, _: Visitor) -> Response:
    """What can be done here."""
    return show(request, "start.html", bundles=catalogue().values(), departments=departments())


@router.get("/guides")
def guides(request: Request, _: Visitor) -> Response:
    """A guide to each bundle."""
    return show(request, "guides.html", bundles=catalogue().values(), departments=departments())


@router.get("/guides/{code}")
def guide(request: Request, _: Visitor, code: str) -> Response:
    """办事指南: name, basis, procedure, limits, materials."""
    bundle = bundle_named(code)
    by_id = {material.id: material for material in bundle.materials}
    return show(request, "guide.html", bundle=bundle, departments=departments(), materials=by_id)
