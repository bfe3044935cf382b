"""与 Prefect 核对: every difference from the record, what becomes of it, and another try for what was given up."""

import logging

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from config.catalogue import catalogue
from config.settings import settings
from models.case import find_case
from models.conducting import GIVE_UP_AFTER
from models.drifting import try_again
from rules.drifting import BY_ITSELF, FOR_PEOPLE
from rules.errors import NotFound, WrongState
from rules.people import Role
from tasks.drifting import PrefectAway, compare_for, flow_page, place_at, repair
from web.entering import Db, Keeper, KeeperOfAll, OurForm, OverseerOfAll, now
from web.showing import show

router = APIRouter(prefix="/manage")

LONGEST = 4.0  # seconds a page compares; the rest is for the next page

log = logging.getLogger("yijianshi.drift")


@router.get("/drift")
def page(request: Request, viewer: OverseerOfAll, place: str = "") -> Response:
    """What has been found so far, and where to go on. Prefect away is a sentence, no fault."""
    look, away = None, ""
    try:
        look = compare_for(LONGEST, place_at(place), at=now())
    except PrefectAway as refused:
        away = str(refused)
    return show(
        request,
        "manage_drift.html",
        status=503 if away else 200,
        look=look,
        away=away,
        for_people=FOR_PEOPLE,
        by_itself=BY_ITSELF,
        keeps=viewer.role in (Role.MANAGER, Role.ADMIN),
        tries=GIVE_UP_AFTER,
        prefect=settings().prefect_url,
    )


@router.post("/drift/repair")
def repaired(request: Request, viewer: KeeperOfAll, _form: OurForm, place: str = "") -> Response:
    """Put right what has been found on this page; the conductor does its part within seconds."""
    at = now()
    look = compare_for(LONGEST, place_at(place), at=at)
    mended = [drift for drift in look.found if repair(drift, at=at)]
    log.info("%s 核对并修复 %d 处差异", viewer.username, len(mended))
    return show(
        request, "manage_drift_done.html", mended=mended, left=[d for d in look.found if d not in mended]
    )


@router.post("/drift/{number}/again")
def again(db: Db, viewer: Keeper, number: str, _form: OurForm) -> Response:
    """再试一次, for a case that was given up."""
    find_case(db, number)
    if not try_again(db, number, now()):
        raise WrongState(f"办件 {number} 的推进没有出错，不需要重新开始。")
    log.info("%s 让办件 %s 重新推进", viewer.username, number)
    return RedirectResponse(f"/cases/{number}", 303)


@router.get("/flow/{bundle}")
def flow(_: OverseerOfAll, bundle: str) -> Response:
    """To the flow of a bundle in Prefect's pages: only Prefect knows its address there."""
    if bundle not in catalogue():
        raise NotFound("没有这个一件事。")
    address = flow_page(catalogue()[bundle].name)
    if address is None:
        raise NotFound("Prefect 中还没有这个一件事的流程，受理第一件以后就有了。")
    return RedirectResponse(address, 303)
